// Holds a SARIF log to the schema of SARIF 2.1.0 that OASIS publishes.
// usage: node sarif.mjs FOLDER, with the log on standard input; FOLDER is where node_modules is. Out: a JSON list of faults.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.argv[2], "package.json"));
const schema = require("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");
const Ajv = require("ajv");

const ajv = new Ajv({ allErrors: true, schemaId: "id", meta: false });
ajv.addMetaSchema(require("ajv/lib/refs/json-schema-draft-04.json"));
const validate = ajv.compile(schema);
validate(JSON.parse(readFileSync(0, "utf8")));
console.log(JSON.stringify((validate.errors ?? []).map((error) => `${error.dataPath}: ${error.message}`)));
