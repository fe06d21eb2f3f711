/**
 * A user's home folder, with secrets in it and a hostile clone.
 *
 * @module
 */

import { contractorCommand } from "../subplot/repository.ts";
import { makeTree, type Tree } from "../src/guest/testing/trees.ts";

/** What must not be shown. */
export const TOKEN = "token-of-the-user";

/** A home with secrets, and a hostile clone beside ordinary projects. */
const homeTree: Tree = {
  ".config/gh/hosts.yml": `${TOKEN}: [\n`,
  ".config/git/": "/",
  "clone/.git/HEAD": "ref: refs/heads/main\n",
  "clone/src/": "/",
  "clone/ci/deep/": "/",
  "clone/assets": "-> ../.config",
  "clone/ci/config": "-> ../assets",
  "clone/absolute": "-> /etc",
  "clone/evil": "-> ../Downloads",
  "clone/secret.yaml": "-> assets/gh/hosts.yml",
  "clone/disk.img": "-> ../disks/mine.img",
  "clone/node_modules/": "/",
  "clone/inside": "-> src",
  "disks/": "/",
  "Downloads/letter": TOKEN,
  "plain/src/": "/",
};

const ordinary = {
  "worker-image": "../worker.img",
  source: "..",
  workspace: "../ws",
  build: "make",
};

/** How a command ended. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Below the home folder. */
  cwd?: string;
  stdin?: string;
  /** What the environment calls home; by default what it is. */
  home?: string;
}

/** A home folder of its own, in which `contractor` finds no QEMU. */
export class Home implements AsyncDisposable {
  private constructor(readonly path: string, readonly root: string) {}

  static async create(): Promise<Home> {
    const root = await Deno.realPath(
      await Deno.makeTempDir({ prefix: "boundary-" }),
    );
    const home = `${root}/home`;
    makeTree(home, homeTree);
    for (const program of ["sh", "dirname", "readlink", "date"]) {
      await Deno.mkdir(`${root}/bin`, { recursive: true });
      await Deno.symlink(`/usr/bin/${program}`, `${root}/bin/${program}`);
    }
    const created = new Home(home, root);
    for (const image of ["clone/worker.img", "disks/mine.img"]) {
      await created.writeImage(image);
    }
    return created;
  }

  /** The smallest file that can be a disk. */
  async writeImage(name: string): Promise<void> {
    const disk = new Uint8Array(1024 ** 2);
    disk.set([0x55, 0xaa], 510);
    await Deno.writeFile(`${this.path}/${name}`, disk);
  }

  async writeSpec(name: string, changes: Partial<typeof ordinary> = {}) {
    await Deno.writeTextFile(
      `${this.path}/${name}`,
      JSON.stringify({ ...ordinary, ...changes }),
    );
  }

  async run(
    args: string[],
    { cwd = ".", stdin, home = this.path }: RunOptions = {},
  ): Promise<Outcome> {
    const child = new Deno.Command(contractorCommand, {
      args,
      cwd: `${this.path}/${cwd}`,
      clearEnv: true,
      env: {
        PATH: `${this.root}/bin`,
        HOME: home,
        XDG_STATE_HOME: `${this.root}/state`,
        NO_COLOR: "1",
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin ?? "")).catch(() => {});
    await writer.close().catch(() => {});
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return {
      code,
      stdout: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
    };
  }

  async exists(path: string): Promise<boolean> {
    return await Deno.lstat(path).then(() => true, () => false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}
