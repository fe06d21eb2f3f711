/**
 * A word to paste into a shell, whatever is in it: names of files can come from
 * a spec's author.
 */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", "'\\''")}'`;
}
