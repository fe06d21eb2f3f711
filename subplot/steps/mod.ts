/**
 * All steps of the scenarios in `contractor.md`.
 *
 * @module
 */

import { actionSteps } from "./actions.ts";
import { managerSteps } from "./manager.ts";
import { networkSteps } from "./network.ts";
import { outcomeSteps } from "./outcome.ts";
import { reportSteps } from "./report.ts";
import { resultSteps } from "./results.ts";
import { setUpSteps } from "./set_up.ts";

export const allSteps = [
  ...setUpSteps,
  ...actionSteps,
  ...outcomeSteps,
  ...resultSteps,
  ...reportSteps,
  ...networkSteps,
  ...managerSteps,
];
