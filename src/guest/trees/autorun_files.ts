/**
 * Files that programs run, or take commands from, by themselves: when somebody
 * enters the folder with a shell, opens it in an editor, looks at it in a file
 * manager, or asks for its status or a program's version, as prompts do.
 *
 * To add one: its program, its paths, and where its documentation says so.
 *
 * Not here is what runs because somebody builds: makefiles, scripts of
 * packages, `build.rs`. Whoever builds in a workspace runs what is in it, and
 * so does an editor that starts a language's build tool.
 *
 * @module
 */

/** What one program runs by itself. */
interface AutorunFiles {
  /** Name in the user's configuration. */
  readonly program: string;
  /**
   * Ends of paths, in lower case; `*` stands for any characters of a name. With
   * `/` at its end everything of that name counts, and what is below it; else
   * files and links, not directories.
   */
  readonly paths: readonly string[];
  /** Where it is documented. */
  readonly source: string;
}

/**
 * What is in a Git directory, whatever that directory is called, and leads to
 * commands: configuration (`core.fsmonitor` runs at `git status`), hooks
 * (`post-index-change` too), and the path to another directory's of both.
 *
 * https://git-scm.com/docs/gitrepository-layout
 */
export const GIT_PARTS = [
  "config",
  "config.worktree",
  "hooks",
  "commondir",
] as const;

/** All of them. */
export const AUTORUN_FILES = [
  {
    // A file or link `.git` leads to a Git directory anywhere. The parts of
    // Git directories are found by what else is in them, besides.
    program: "git",
    paths: [
      ".git",
      ...GIT_PARTS.map((part) => `.git/${part}/` as const),
      ".githooks/",
      ".husky/",
    ],
    source: "https://git-scm.com/docs/git#_security",
  },
  {
    program: "mercurial",
    paths: [".hg/"],
    source: "https://www.mercurial-scm.org/doc/hgrc.5.html#hooks",
  },
  {
    program: "sapling",
    paths: [".sl/"],
    source: "https://sapling-scm.com/docs/commands/config",
  },
  {
    program: "jujutsu",
    paths: [".jj/"],
    source: "https://docs.jj-vcs.dev/latest/design/secure-config/",
  },
  {
    program: "darcs",
    paths: ["_darcs/prefs/"],
    source: "https://darcs.net/Using/Configuration",
  },
  {
    // Allowed once, it runs what it names, also if that has changed.
    program: "direnv",
    paths: [".envrc"],
    source: "https://direnv.net/man/direnv-stdlib.1.html",
  },
  {
    // Sourced as a shell script by Oh My Zsh.
    program: "dotenv",
    paths: [".env", ".env.local"],
    source: "https://github.com/ohmyzsh/ohmyzsh/tree/master/plugins/dotenv",
  },
  {
    program: "autoenv",
    paths: [
      ".autoenv",
      ".autoenv.zsh",
      ".autoenv.leave",
      ".autoenv_leave.zsh",
      ".env.leave",
    ],
    source: "https://github.com/hyperupcall/autoenv#readme",
  },
  {
    program: "shadowenv",
    paths: [".shadowenv.d/"],
    source: "https://shopify.github.io/shadowenv/",
  },
  {
    // A path is trusted, whatever comes to be there; `path:` is a version.
    program: "mise",
    paths: [
      "mise.toml",
      "mise.*.toml",
      ".mise.toml",
      ".mise.*.toml",
      ".config/mise.toml",
      ".config/mise.*.toml",
      ".config/mise/",
      ".mise/",
      "mise/config*.toml",
      ".miserc.toml",
      ".tool-versions",
      ".rtx.toml",
      ".rtx.*.toml",
    ],
    source: "https://mise.jdx.dev/configuration.html",
  },
  {
    program: "rvm",
    paths: [".rvmrc"],
    source: "https://rvm.io/workflow/rvmrc",
  },
  {
    // `path` names a toolchain in the folder: `rustc --version` is from there.
    program: "rustup",
    paths: ["rust-toolchain", "rust-toolchain.toml"],
    source: "https://rust-lang.github.io/rustup/overrides.html#path",
  },
  {
    // `sdk.paths` in global.json names an SDK in the folder, whose main part
    // answers `dotnet --version`. Other programs have data of that name.
    program: "dotnet",
    paths: ["dotnet.dll"],
    source: "https://learn.microsoft.com/dotnet/core/tools/global-json#paths",
  },
  {
    // `yarnPath` is what runs, at `yarn --version` too.
    program: "yarn",
    paths: [".yarnrc", ".yarnrc.yml"],
    source: "https://yarnpkg.com/configuration/yarnrc#yarnPath",
  },
  {
    // Options of its virtual machine, such as an agent, at `mvn --version` too.
    program: "maven",
    paths: [".mvn/jvm.config", ".mvn/maven.config", ".mvn/extensions.xml"],
    source: "https://maven.apache.org/configure.html",
  },
  {
    // What runs as `bazel`, at `bazel --version` too.
    program: "bazel",
    paths: ["tools/bazel", "tools/bazel.*", ".bazelversion", ".bazeliskrc"],
    source: "https://github.com/bazelbuild/bazelisk#readme",
  },
  {
    program: "vscode",
    paths: [".vscode/", ".devcontainer/", ".devcontainer.json"],
    source:
      "https://code.visualstudio.com/docs/editing/workspaces/workspace-trust",
  },
  {
    program: "visual-studio",
    paths: [".vs/", "*.suo"],
    source:
      "https://learn.microsoft.com/visualstudio/ide/solution-user-options-dot-suo-file",
  },
  {
    program: "jetbrains",
    paths: [".idea/", ".run/", ".fleet/"],
    source: "https://www.jetbrains.com/help/idea/project-security.html",
  },
  {
    program: "vim",
    paths: [
      ".vimrc",
      "_vimrc",
      ".gvimrc",
      "_gvimrc",
      ".exrc",
      "_exrc",
      ".lvimrc",
      ".vim/",
      ".ycm_extra_conf.py",
    ],
    source: "https://vimhelp.org/options.txt.html#'exrc'",
  },
  {
    program: "neovim",
    paths: [".nvim.lua", ".nvimrc", ".neoconf.json", ".nvim/"],
    source: "https://neovim.io/doc/user/options.html#'exrc'",
  },
  {
    program: "emacs",
    paths: [".dir-locals.el", ".dir-locals-2.el"],
    source:
      "https://www.gnu.org/software/emacs/manual/html_node/emacs/Directory-Variables.html",
  },
  {
    program: "helix",
    paths: [".helix/"],
    source: "https://docs.helix-editor.com/languages.html",
  },
  {
    program: "zed",
    paths: [".zed/"],
    source: "https://zed.dev/docs/worktree-trust",
  },
  {
    program: "kate",
    paths: [".kateproject", ".kateproject.*"],
    source:
      "https://docs.kde.org/stable5/en/kate/kate/kate-application-plugin-projects.html",
  },
  {
    // Hooks and servers of assistants, started with them.
    program: "assistants",
    paths: [".claude/", ".cursor/", ".gemini/", ".codex/", ".mcp.json"],
    source: "https://code.claude.com/docs/en/hooks",
  },
  {
    program: "r",
    paths: [".rprofile", ".rdata", ".renviron"],
    source:
      "https://docs.posit.co/ide/user/ide/guide/environments/r/managing-r.html",
  },
  {
    // Read when a folder is shown; icons and handlers may be programs.
    program: "desktop",
    paths: [".directory", "desktop.ini", "autorun.inf"],
    source: "https://kde.org/info/security/advisory-20190807-1.txt",
  },
] as const satisfies readonly AutorunFiles[];

/** A program that runs files by itself, as the configuration names it. */
export type AutorunProgram = typeof AUTORUN_FILES[number]["program"];

/** All programs, in the order of the list. */
export const AUTORUN_PROGRAMS: readonly AutorunProgram[] = AUTORUN_FILES.map(
  ({ program }) => program,
);
