import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** The rules between rooms of docs/ARCHITECTURE.md, reported where they are broken. test/architecture.spec.ts checks them as a whole. */
const wall = (group, message, allowTypeImports = false) => ({ group, message, allowTypeImports });
const walls = (files, patterns, paths = []) => ({
  files,
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns, paths }] },
});
const toNode = wall(
  ['node:*'],
  'Pure code uses nothing of Node: put it into a file that ends in .node.ts and pass it in.',
);
const toAdapters = wall(
  ['**/*.node.ts'],
  'Pure code uses only the types of an adapter: take its functions as a parameter.',
  true,
);
const toMain = wall(
  ['**/main/*', 'electron', 'electron/*'],
  'Only main/ knows Electron: pass plain data through app/contract.',
);
const toPage = wall(['**/renderer/*', 'react', 'react-dom'], 'Only renderer/ knows the page: give it data to draw.');
const toTests = wall(['**/test/**'], 'No code depends on tests: what both need belongs in app/.');
const toDomains = wall(
  ['**/app/**/*.node.ts', '!**/app/settings/*', '!**/app/core/*', '!**/app/recorder/socket/*'],
  'The shell loads no adapter: the collector does, in a separate process. Ask it through app/contract.',
  true,
);
const toNative = wall(['**/*.node.ts'], 'The page gets values through app/contract, never handles.');
const noCharts = { name: 'recharts', message: 'Charts live in renderer/charts: give one of them data.' };
const noPlots = { name: 'uplot', message: 'Charts live in renderer/charts: give one of them data.' };
const home = (name, file) => ({ name, message: `Only ${file} may import ${name}.`, allowTypeImports: true });
const homes = [
  home('koffi', 'app/telemetry/native-library.node.ts'),
  home('better-sqlite3', 'app/history/file/database.node.ts'),
  home('hyparquet', 'app/exchange/parquet.node.ts'),
  home('hyparquet-writer', 'app/exchange/parquet.node.ts'),
];
const toTerminal = 'Print through terminal.ts: names and messages from outside must not control a terminal.';

/** The types of Node are loaded with those of the adapters. These globals must not be used in pure code. */
const foreignGlobals = ['process', 'Buffer', 'window', 'document', 'localStorage', 'navigator'];

export default tseslint.config(
  { ignores: ['out', 'release', 'test-results', 'node_modules', '**/*.cjs'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: [
          'app/tsconfig.json',
          'app/tsconfig.node.json',
          'cli/tsconfig.json',
          'tools/tsconfig.json',
          'main/tsconfig.json',
          'renderer/tsconfig.json',
          'test/tsconfig.json',
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'], location: 'anywhere' }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Name what you export, so that a search finds it.' },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off', // with noUncheckedIndexedAccess it states a known bound
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/require-await': 'off', // ports are async although some adapters need not wait
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  walls(['app/**/*.ts'], [toNode, toAdapters, toMain, toPage, toTests], homes),
  {
    files: ['app/**/*.ts'],
    ignores: ['app/**/*.node.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...foreignGlobals.map((name) => ({ name, message: 'Pure code runs anywhere: take it as a parameter.' })),
      ],
    },
  },
  walls(['app/**/*.node.ts', 'cli/**/*.ts'], [toMain, toPage, toTests], homes),
  walls(['main/**/*.ts'], [toPage, toTests, toDomains], homes),
  walls(['main/collector/*.ts'], [toPage, toTests], homes),
  walls(['renderer/**/*.{ts,tsx}'], [toNode, toMain, toNative, toTests], [noCharts, noPlots]),
  walls(['renderer/charts/**/*.{ts,tsx}'], [toNode, toMain, toNative, toTests]),
  {
    // the homes themselves
    files: [
      'app/telemetry/native-library.node.ts',
      'app/history/file/database.node.ts',
      'app/exchange/parquet.node.ts',
    ],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [toMain, toPage, toTests] }] },
  },
  {
    files: ['app/**/*.ts', 'main/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        ...['stdout', 'stderr'].map((property) => ({ object: 'process', property, message: toTerminal })),
      ],
    },
  },
  {
    // the terminals, and what passes a command's own output or a question through
    files: ['cli/terminal.ts', 'main/terminal.ts', 'cli/commands/run.ts', 'cli/commands/import.ts', 'cli/slowburn.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  { files: ['renderer/**/*.{ts,tsx}'], ...reactHooks.configs.flat.recommended },
  {
    files: ['**/*.config.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'no-restricted-syntax': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
);
