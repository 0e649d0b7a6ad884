// Loaded before anything else (`node -r`), in syntax that any Node can parse, so that an old one gets a sentence.
// What set-up and build need: Node 20 from 20.18, or 22.11 and newer. Earlier ones fail in the build or in SQLite's addon.
var version = process.versions.node.split('.').map(Number);
var major = version[0];
var minor = version[1];
var fits = (major === 20 && minor >= 18) || (major === 22 && minor >= 11) || major > 22;
if (!fits) {
  process.stderr.write(
    'Slowburn needs Node.js 20.18 or newer, or 22.11 or newer; this is ' +
      process.versions.node +
      '.\n' +
      '  Install a current version from nodejs.org or your package manager, then run the command again.\n',
  );
  process.exit(1);
}
