import { deepEqual, equal, rejects } from "node:assert/strict";
import { loadBuildSpec } from "./load.ts";
import { protocolExpectation } from "./network.ts";
import { SpecError } from "./problem.ts";

/** The one mistake in each fixture: `line:column: message`, then the hint. */
const expectations: Record<string, readonly [string, string?]> = {
  alias_bomb: [
    "12:44: Aliases expand to more than 4000000 characters",
  ],
  ansible_not_list: [
    '6:3: Expected a list of Ansible plays for "ansible", got a mapping',
  ],
  bad_escape: [
    "4:9: Invalid escape sequence \\q",
  ],
  binary_tag: [
    "6:12: Unresolved tag: tag:yaml.org,2002:binary",
    "Write plain data, without tags",
  ],
  boot_timeout_too_long: [
    '6:17: Expected a duration of at most 1 h for "resources.boot-timeout", got "2 h"',
  ],
  build_blank: [
    '4:8: Expected at least one command for "build", got "  "',
  ],
  build_left_out: [
    '4:1: Expected shell commands as text for "build", got nothing',
  ],
  build_not_text: [
    '5:3: Expected shell commands as text for "build", got a list',
  ],
  build_nul: [
    '4:8: Expected text without a NUL character for "build", got "make\\u0000"',
  ],
  comment_only: [
    "1:1: Expected a build spec, got no YAML document",
  ],
  cpu_time_wrong_unit: [
    '6:13: Expected a duration such as "10 min" for "resources.cpu-time", got "10 minutes"',
    'Did you mean "10 min"?',
  ],
  cpus_fraction: [
    '6:9: Expected a whole number of CPUs for "resources.cpus", got 1.5',
  ],
  cpus_zero: [
    '6:9: Expected at least 1 CPU for "resources.cpus", got 0',
  ],
  custom_tag: [
    "6:12: Unresolved tag: !vault",
    "Write plain data, without tags",
  ],
  disk_word: [
    '6:9: Expected a size such as "2 GiB" for "resources.disk", got "plenty"',
  ],
  duplicate_key: [
    '5:1: Duplicate key "source"',
    "It is first used in line 2",
  ],
  host_address_hexadecimal: [
    '7:13: Expected a host name or an IPv4 address such as "192.0.2.1" for "network.build[0].host", got "0x7f000001"',
    'Did you mean "127.0.0.1"?',
  ],
  host_address_octal: [
    '7:13: Expected a host name or an IPv4 address such as "192.0.2.1" for "network.build[0].host", got "010.0.0.1"',
    'Did you mean "8.0.0.1"?',
  ],
  host_address_short: [
    '7:13: Expected a host name or an IPv4 address such as "192.0.2.1" for "network.build[0].host", got 127.1',
    'Did you mean "127.0.0.1"?',
  ],
  host_address_wildcard: [
    '7:13: Expected a host name or an IPv4 address such as "192.0.2.1" for "network.build[0].host", got "*.0.0.1"',
  ],
  host_control_sequence: [
    '7:13: Expected a host name such as "example.org" or "*.example.org" for "network.build[0].host", got "\\u001b[2J"',
  ],
  host_ipv6: [
    '7:13: Expected a host name or an IPv4 address such as "192.0.2.1" for "network.build[0].host", got "2001:db8::1"',
    "Workers have no IPv6: write the host's name",
  ],
  host_missing: [
    '7:7: Missing key "network.build[0].host": expected a host name such as "example.org"',
  ],
  host_url: [
    '7:13: Expected a host name such as "example.org", without scheme, port or path for "network.build[0].host", got "https://example.org/"',
  ],
  host_wildcard_alone: [
    '7:13: Expected a host name such as "example.org" or "*.example.org" for "network.build[0].host", got "*"',
  ],
  infinity: [
    '7:12: Number ".inf" cannot be kept exactly',
    "Quote it to make it text",
  ],
  list_at_top: [
    '1:1: Expected a mapping with keys such as "worker-image" for the build spec, got a list',
  ],
  log_negative: [
    '6:8: Expected a size such as "2 GiB" for "resources.log", got "-1 MiB"',
  ],
  mapping_as_key: [
    "7:7: Expected text as a key",
  ],
  memory_number: [
    '6:11: Expected a size such as "2 GiB" for "resources.memory", got 2048',
  ],
  memory_too_small: [
    '6:11: Expected a size of at least 64 MiB for "resources.memory", got "1 MiB"',
  ],
  memory_wrong_unit: [
    '6:11: Expected a size such as "2 GiB" for "resources.memory", got "2 gib"',
    'Did you mean "2 GiB"?',
  ],
  merge_of_text: [
    '7:5: Expected a mapping, or a list of them, to merge with "<<"',
  ],
  missing_build: [
    '1:1: Missing key "build": expected shell commands as text',
  ],
  missing_source: [
    '1:1: Missing key "source": expected a path',
  ],
  missing_worker_image: [
    '1:1: Missing key "worker-image": expected a path',
  ],
  missing_workspace: [
    '1:1: Missing key "workspace": expected a path',
  ],
  misspelt_key: [
    '2:1: Unknown key "sorce" in the build spec',
    'Did you mean "source"?',
  ],
  misspelt_nested_key: [
    '6:3: Unknown key "memroy" in "resources"',
    'Did you mean "memory"?',
  ],
  nested_too_deep: [
    "7:108: Nested deeper than 100 levels",
  ],
  network_misspelt_in_host: [
    '8:7: Unknown key "protocol" in "network.build[0]"',
    'Did you mean "protocols"?',
  ],
  network_none_misspelt: [
    '6:10: Expected a list of hosts or "none" for "network.build", got "None"',
    'Did you mean "none"?',
  ],
  network_not_list: [
    '6:10: Expected a list of hosts or "none" for "network.build", got "example.org"',
  ],
  network_unknown_phase: [
    '6:3: Unknown key "bild" in "network"',
    'Did you mean "build"?',
  ],
  null_document: [
    '1:1: Expected a mapping with keys such as "worker-image" for the build spec, got nothing',
  ],
  number_too_long: [
    '7:12: Number "12345678901234567890" cannot be kept exactly',
    "Quote it to make it text",
  ],
  path_control_character: [
    '2:9: Expected a path without control characters for "source", got "a\\u001bb"',
  ],
  path_empty: [
    '2:9: Expected a path that is not empty for "source", got ""',
  ],
  path_not_text: [
    '2:9: Expected a path for "source", got a list',
  ],
  play_hosts_number: [
    '6:12: Expected a host pattern such as "worker" for "ansible[0].hosts", got 3',
  ],
  play_hosts_text_blank: [
    '6:13: Expected a host pattern such as "worker" for "ansible[0].hosts[0]", got ""',
  ],
  play_not_mapping: [
    '6:5: Expected a play: a mapping with "hosts" for "ansible[0]", got "apt"',
  ],
  play_without_hosts: [
    '6:5: Missing key "ansible[0].hosts": expected a host pattern such as "worker"',
  ],
  protocol_misspelt: [
    `8:19: Expected ${protocolExpectation} for "network.build[0].protocols[0]", got "htps"`,
    'Did you mean "https"?',
  ],
  protocol_port_only: [
    `8:19: Expected ${protocolExpectation} for "network.build[0].protocols[0]", got 8080`,
    'Did you mean "tcp:8080"?',
  ],
  protocol_port_out_of_range: [
    `8:19: Expected ${protocolExpectation} for "network.build[0].protocols[0]", got "tcp:65536"`,
  ],
  protocols_empty: [
    '8:18: Expected at least one protocol for "network.build[0].protocols", got an empty list',
  ],
  rate_wrong_unit: [
    '6:22: Expected a rate such as "20 Mbit/s" for "resources.bandwidth.rate", got "20 mbps"',
    'Did you mean "20 Mbit/s"?',
  ],
  recursive_alias: [
    '7:12: Alias "*plays" contains itself',
  ],
  resources_list: [
    '5:12: Expected a mapping such as "memory: 2 GiB" for "resources", got an empty list',
  ],
  tab_indentation: [
    "6:1: Tabs are not allowed as indentation",
  ],
  text_at_top: [
    '1:1: Expected a mapping with keys such as "worker-image" for the build spec, got "make"',
  ],
  two_documents: [
    "5:1: Expected one YAML document, got another one",
    'Remove the "---" line and what follows it',
  ],
  unclosed_flow: [
    "6:1: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ],
  underscore_key: [
    '1:1: Unknown key "worker_image" in the build spec',
    'Did you mean "worker-image"?',
  ],
  unknown_alias: [
    '5:10: Alias "*plays" has no anchor before it',
  ],
  unknown_key: [
    '5:1: Unknown key "colour" in the build spec',
    'Expected one of "worker-image", "ansible", "source", "workspace", "build", "resources", "network"',
  ],
  wall_time_zero: [
    '6:14: Expected a duration of at least 1 s for "resources.wall-time", got "0 s"',
  ],
  workspace_above_source: [
    '3:12: Expected a directory of its own for "workspace", got "..", which holds the source tree',
    "The workspace is replaced after each build",
  ],
  workspace_is_source: [
    '3:12: Expected a directory of its own for "workspace", got ".", which holds the source tree',
    "The workspace is replaced after each build",
  ],
};

const folder = new URL("./fixtures/invalid/", import.meta.url);

Deno.test("every invalid fixture has an expectation", () => {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  deepEqual(names, Object.keys(expectations).map((name) => `${name}.yaml`));
});

for (const [name, [message, hint]] of Object.entries(expectations)) {
  Deno.test(`loadBuildSpec reports the mistake in ${name}.yaml`, async () => {
    const path = new URL(`${name}.yaml`, folder).pathname;
    await rejects(loadBuildSpec(path), (error) => {
      if (!(error instanceof SpecError)) throw error;
      equal(error.exitCode, 2);
      const shown = error.problems.map((problem) => [
        `${problem.line}:${problem.column}: ${problem.message}`,
        problem.hint,
      ]);
      deepEqual(shown, [[message, hint]]);
      return true;
    });
  });
}
