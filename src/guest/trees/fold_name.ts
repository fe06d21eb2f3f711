/**
 * Names of files as the file systems see them that take several spellings for
 * one name. Git protects its own `.git` in the same way, on Linux too
 * (`core.protectHFS`, `core.protectNTFS`): who knows where a tree is copied to.
 *
 * @module
 */

const ignorable = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu;

/**
 * One spelling of a name for all that may be the same file:
 * - letters of either case (FAT, NTFS, APFS, folders of ext4 with `casefold`),
 *   also where Unicode has several for one;
 * - characters that are ignored, such as zero-width ones (HFS+, ext4);
 * - dots and spaces at the end, and what follows a colon (NTFS);
 * - the short name of `.git`, `GIT~1` (NTFS, FAT).
 */
export function foldName(name: string): string {
  const plain = /^[\x20-\x7e]*$/.test(name) ? name : foldUnicode(name);
  const folded = plain.toLowerCase().replace(/:.*$/, "").replace(/[. ]+$/, "");
  return /^git~[0-9]$/.test(folded) ? ".git" : folded;
}

/** A few characters decompose to several with a slash, such as U+2100. */
function foldUnicode(name: string): string {
  return name.normalize("NFKD").replace(ignorable, "").replaceAll("/", "_")
    .toLowerCase().toUpperCase();
}

/** A path of folded names, as many as it had. */
export function foldPath(path: string): string {
  return path.split("/").map(foldName).join("/");
}
