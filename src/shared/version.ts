/** Version of Contractor. */
export const CONTRACTOR_VERSION = "0.1.0";
