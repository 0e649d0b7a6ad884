// Loaded before anything else (`node -r`), in syntax that any Node can parse, so that an old one gets a sentence.
var major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  process.stderr.write(
    'Slowburn needs Node.js 20 or newer; this is ' +
      process.versions.node +
      '.\n' +
      '  Install a current version from nodejs.org or your package manager, then run the command again.\n',
  );
  process.exit(1);
}
