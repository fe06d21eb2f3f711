/**
 * Reads which package repositories a worker image is set up for. The worker is
 * pristine, but its image may come from anyone: the answer is only a list of
 * hosts, bounded, and shown to the user.
 *
 * @module
 */

import {
  type EgressRule,
  egressRuleSchema,
} from "../../src/shared/network/egress_rule.ts";
import { protocols } from "../../src/shared/network/protocols.ts";

/** Most bytes of sources that are looked at. */
export const MAX_SOURCES_BYTES = 256 * 1024;

/** The protocol's limit on the rules of `worker.repositories`. */
const MAX_RULES = 64;

/**
 * Prints the worker's apt sources: `L` before each line of a one-line file,
 * `D` before each line of a deb822 file, and an empty stanza between files.
 */
export const listSourcesScript = `\
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  if [ -f "$file" ]; then sed 's/^/L /' "$file"; echo; fi
done
for file in /etc/apt/sources.list.d/*.sources; do
  if [ -f "$file" ]; then sed 's/^/D /' "$file"; echo; echo 'D '; fi
done
`;

/** The hosts of all enabled sources that speak HTTP or HTTPS. */
export function parseSources(output: string): EgressRule[] {
  const lines = output.slice(0, MAX_SOURCES_BYTES).split(/\r?\n/);
  const oneLine = lines.filter((line) => line.startsWith("L "))
    .map((line) => line.slice(2));
  const deb822 = lines.filter((line) => line.startsWith("D "))
    .map((line) => line.slice(2));
  const rules = new Map<string, EgressRule>();
  for (const uri of [...oneLineUris(oneLine), ...deb822Uris(deb822)]) {
    const rule = ruleOfUri(uri);
    if (rule === undefined) continue;
    rules.set(`${rule.protocol} ${rule.host} ${rule.port}`, rule);
    if (rules.size === MAX_RULES) break;
  }
  return [...rules.values()];
}

/** `deb [ option=value ... ] URI suite component...` */
function oneLineUris(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const entry = line.replace(/#.*$/, "").trim();
    const uri = /^deb(?:-src)?[ \t]+(?:\[[^\]]*\][ \t]*)?(\S+)[ \t]+\S/
      .exec(entry)?.[1];
    return uri === undefined ? [] : [uri];
  });
}

/** Stanzas of fields, some of them continued on indented lines. */
function deb822Uris(lines: readonly string[]): string[] {
  const uris: string[] = [];
  let fields = new Map<string, string>();
  let field: string | undefined;
  const endStanza = () => {
    const disabled = /^(no|false|without|off|disable|0)$/i
      .test(fields.get("enabled")?.trim() ?? "yes");
    const types = (fields.get("types") ?? "").split(/\s+/);
    if (!disabled && types.some((type) => /^deb(-src)?$/.test(type))) {
      uris.push(...(fields.get("uris") ?? "").split(/\s+/).filter(Boolean));
    }
    fields = new Map();
    field = undefined;
  };
  for (const line of lines) {
    if (line.startsWith("#")) continue;
    if (line.trim() === "") {
      endStanza();
      continue;
    }
    if (/^[ \t]/.test(line)) {
      if (field !== undefined) {
        fields.set(field, `${fields.get(field)} ${line.trim()}`);
      }
      continue;
    }
    const match = /^([A-Za-z-]+):(.*)$/.exec(line);
    field = match?.[1]?.toLowerCase();
    if (field !== undefined) fields.set(field, match?.[2]?.trim() ?? "");
  }
  endStanza();
  return uris;
}

function ruleOfUri(uri: string): EgressRule | undefined {
  if (!URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  const protocol = url.protocol.slice(0, -1);
  if (protocol !== "http" && protocol !== "https") return undefined;
  // Egress is bound to names: an address cannot be asked for by DNS, and a
  // wildcard is for the user alone to allow.
  if (/^[0-9.]+$|\*/.test(url.hostname)) return undefined;
  const rule = egressRuleSchema.safeParse({
    host: url.hostname,
    port: url.port === "" ? protocols[protocol].port : Number(url.port),
    protocol,
  });
  return rule.success ? rule.data : undefined;
}
