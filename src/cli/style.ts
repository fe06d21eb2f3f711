/**
 * Colours, for output that takes them.
 *
 * @module
 */

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
} as const;

export type Style = keyof typeof codes;

/** Colours text if `colour` is set. */
export function styled(text: string, style: Style, colour: boolean): string {
  const [on, off] = codes[style];
  return colour ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}
