// Runs npm's asl-validator over many definitions in one process.
// usage: node asl.mjs FOLDER, with the JSON list of the definitions' paths on standard input;
// FOLDER is where node_modules is. Out: a JSON list of {file, errors}, in the same order.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const validate = createRequire(join(process.argv[2], "package.json"))("asl-validator");

// The validator writes QueryLanguage into what it checks: each definition is parsed for it alone.
function errorsOf(file) {
  try {
    return validate(JSON.parse(readFileSync(file, "utf8")), { checkPaths: true, checkArn: true }).errors.map(
      (error) => `${error["Error code"]}: ${error.Message}`,
    );
  } catch (error) {
    return [`${error.name}: ${error.message}`];
  }
}

const files = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(files.map((file) => ({ file, errors: errorsOf(file) }))));
