/**
 * The command line: all commands, help, version and shell completion.
 *
 * @module
 */

import { bash, fish, zsh } from "@optique/core/completion";
import { or } from "@optique/core/constructs";
import { runParserSync } from "@optique/core/facade";
import { formatMessage, type Message, message } from "@optique/core/message";
import { suggestSync } from "@optique/core/parser";
import { findSimilar } from "@optique/core/suggestion";
import { UsageError } from "../shared/errors.ts";
import { CONTRACTOR_VERSION } from "../shared/version.ts";
import type { Invocation } from "./command.ts";
import { commands } from "./commands.ts";
import type { Terminal } from "./terminal.ts";

const parser = or(...commands.map(({ parser }) => parser));

const commandNames = [...commands.map(({ name }) => name), "completion"];

/** What the library adds to our words at the start of a command line. */
const ownWords = ["help", "version", "completion", "--help", "--version"];

/**
 * Parses arguments; prints help, version and completions itself.
 *
 * @returns the command to run; `undefined` if there is nothing left to do
 * @throws {UsageError} if the arguments are wrong
 */
export function parseArguments(
  args: readonly string[],
  { stdout }: Terminal,
): Invocation | undefined {
  let done = false;
  const end = () => {
    done = true;
  };
  const command = runParserSync<typeof parser, void, never>(
    parser,
    "contractor",
    args,
    {
      colors: stdout.colour,
      maxWidth: 80,
      brief: message`Contractor builds software in nested virtual machines.`,
      help: { command: true, option: { names: ["-h", "--help"] }, onShow: end },
      version: {
        value: `contractor ${CONTRACTOR_VERSION}`,
        command: true,
        option: true,
        onShow: end,
      },
      completion: { command: true, shells: { bash, fish, zsh }, onShow: end },
      aboveError: "none",
      stdout: (text) =>
        stdout.write((args[0] === "completion" ? text : tidy(text)) + "\n"),
      stderr: () => {},
      onError: (_code, mistake) => {
        throw toUsageError(mistake, args);
      },
    },
  );
  return done ? undefined : command;
}

/**
 * The library may break a line of help after a bracket, and leaves spaces at
 * the ends of lines.
 */
function tidy(help: string): string {
  return help
    // deno-lint-ignore no-control-regex
    .replaceAll(/ ((?:\x1b\[2m)?\[(?:\x1b\[0m)?)\n( *)/g, "\n$2$1")
    .replaceAll(/ +$/gm, "");
}

/** The library's text has the mistake first, then perhaps a suggestion. */
function toUsageError(mistake: Message, args: readonly string[]): UsageError {
  const [text = ""] = formatMessage(mistake, { quotes: true }).split("\n\n");
  const command = commandNames.find((name) => name === args[0]);
  const help = ["contractor", command, "--help"].filter(Boolean).join(" ");
  const suggestion = suggestWord(mistake, args);
  return new UsageError(
    "bad-arguments",
    args.length === 0 ? "No command given" : text.replace(/\.$/, ""),
    {
      hint: suggestion
        ? `Did you mean \`${suggestion}\`?`
        : `Run "${help}" to see what there is`,
    },
  );
}

/** The word that fits best in the place of one that the parser did not know. */
function suggestWord(
  mistake: Message,
  args: readonly string[],
): string | undefined {
  const term = mistake.find((term) => term.type === "optionName");
  if (term === undefined) return undefined;
  const unknown = term.optionName;
  const before = args.slice(0, args.indexOf(unknown));
  const [name = ""] = unknown.split("=");
  const known = wordsAfter(before, name.startsWith("-") ? "--" : "");
  return known.includes(name) ? undefined : findSimilar(name, known)[0];
}

/** The words with a certain start that can come after others. */
function wordsAfter(before: readonly string[], start: string): string[] {
  const [first = start, ...rest] = [...before, start];
  const words = suggestSync(parser, [first, ...rest])
    .flatMap((word) => word.kind === "literal" ? [word.text] : []);
  return [...words, ...(before.length === 0 ? ownWords : ["--help"])];
}
