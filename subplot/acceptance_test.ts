/**
 * The acceptance tests: the scenarios of `contractor.md`, but for those of
 * `debian_acceptance_test.ts`.
 *
 * @module
 */

import { testScenarios, usesDebian } from "./acceptance.ts";

testScenarios((scenario) => !usesDebian(scenario));
