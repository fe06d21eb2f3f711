/**
 * The `keeper` isolate. It may read and write anywhere, for Deno lets nobody
 * else make symlinks: so it reads no byte of a guest's and does this one thing.
 *
 * @module
 */

import { serveIsolate } from "../isolate/isolate.ts";
import { keepWorkspace } from "./trees/keep_workspace.ts";
import type { KeeperApi } from "./keeper.ts";
import { takeStock, type TreeStock } from "./trees/tree_stock.ts";

let stock: TreeStock = new Map();

serveIsolate<KeeperApi>({
  async takeStock({ workspace }) {
    stock = await takeStock(workspace);
  },

  keepWorkspace: (params) => keepWorkspace(params, stock),
});
