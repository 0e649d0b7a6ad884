// The application that a stand-in Electron starts when it is given a folder: `electron [-r module] <folder> [args]`.
// It must be an ES module: Electron then delays `ready` until everything imported here has been evaluated, so the
// application can still register its privileged scheme and its command-line switches.
import { app } from 'electron/main';
import fs from 'node:fs';
import { Module } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const args = process.argv.slice(1);
const preloads = [];
let folder;
while (args.length > 0 && folder === undefined) {
  const arg = args.shift();
  if (arg === '-r' || arg === '--require') preloads.push(args.shift());
  else if (arg === '-v' || arg === '--version') {
    console.log(`v${process.versions.electron}`);
    process.exit(0);
  } else if (!arg.startsWith('-')) folder = path.resolve(arg);
}
if (folder === undefined) {
  console.error('usage: electron [-r module] <folder> [arguments]');
  process.exit(2);
}
if (preloads.length > 0) Module._preloadModules(preloads);
Object.defineProperty(process, 'defaultApp', { value: true, enumerable: true });

const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
app.setVersion(manifest.version);
app.name = manifest.productName ?? manifest.name;
app.setDesktopName(`${manifest.name}.desktop`);
app.setAppPath(folder);
await import(pathToFileURL(path.join(folder, manifest.main)).href);
