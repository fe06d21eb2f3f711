/**
 * How plain scalars get their type: as Ansible reads them, so that a play
 * means in a build spec what it means in a playbook. There `mode: 0644` is
 * octal and `become: yes` is true.
 *
 * @module
 */

import type { ScalarTag, Tags } from "yaml";

type Tag = Tags[number];

/** YAML 1.1 types that JSON cannot hold, and the merge key, done elsewhere. */
const omitted = new Set([
  "tag:yaml.org,2002:binary",
  "tag:yaml.org,2002:merge",
  "tag:yaml.org,2002:omap",
  "tag:yaml.org,2002:pairs",
  "tag:yaml.org,2002:set",
  "tag:yaml.org,2002:timestamp",
]);

/** Plain scalars of each type, drawn as narrowly as PyYAML draws them. */
const patterns = {
  true: /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/,
  false: /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/,
  // 08 is text, as is 12e34, such as a commit's digest.
  integer: /^[-+]?(?:0|[1-9][0-9_]*)$/,
  exponent: /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)[eE][-+][0-9]+$/,
  float: /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)$/,
};

/** Narrows a tag; the library's own draw "y", "." and "1e3" in. */
function narrow(tag: ScalarTag): ScalarTag {
  const { test } = tag;
  if (test === undefined) return tag;
  switch (tag.tag) {
    case "tag:yaml.org,2002:bool":
      return { ...tag, test: patterns[test.test("yes") ? "true" : "false"] };
    case "tag:yaml.org,2002:int":
      return test.test("8") ? { ...tag, test: patterns.integer } : tag;
    case "tag:yaml.org,2002:float":
      if (tag.format === "EXP") return { ...tag, test: patterns.exponent };
      return test.test("0.5") ? { ...tag, test: patterns.float } : tag;
    default:
      return tag;
  }
}

/** Selects and adjusts the tags of the `yaml-1.1` schema. */
export function selectTags(tags: Tags): Tags {
  return tags.filter((tag): tag is Exclude<Tag, string> =>
    typeof tag !== "string" && !omitted.has(tag.tag) &&
    // 22:22 in base sixty surprises everyone.
    (tag as ScalarTag).format !== "TIME"
  ).map((tag) => "test" in tag ? narrow(tag as ScalarTag) : tag);
}
