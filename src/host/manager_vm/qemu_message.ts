import { escapeHidden } from "../../shared/visible_text.ts";

const MESSAGE_LIMIT = 2_000;

/**
 * What QEMU says, fit for a terminal: printable, on one line, of a bounded
 * length. It is foreign text, since a guest may have taken QEMU over.
 */
export function qemuMessage(text: string): string {
  const printable = escapeHidden(text.replaceAll(/\s+/gu, " ").trim());
  return printable.length > MESSAGE_LIMIT
    ? printable.slice(0, MESSAGE_LIMIT) + " …"
    : printable;
}
