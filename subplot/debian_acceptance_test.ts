/**
 * The acceptance tests that build in Debian.
 *
 * @module
 */

import { testScenarios, usesDebian } from "./acceptance.ts";

testScenarios(usesDebian);
