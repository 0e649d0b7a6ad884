import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** The walls of docs/ARCHITECTURE.md, told where they are hit. test/architecture.spec.ts proves them as a whole. */
const wall = (group, message) => ({ group, message });
const walls = (files, patterns, paths = []) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns, paths }] },
});
const toNode = wall(
  ['node:*'],
  'The pure heart runs nothing of Node: put it into a file that ends in .node.ts and pass it in.',
);
const toMain = wall(
  ['**/main/*', 'electron', 'electron/*'],
  'Only main/ knows Electron: pass plain data through app/contract.',
);
const toPage = wall(
  ['**/renderer/*', 'react', 'react-dom'],
  'Only renderer/ knows the page: give it data, let it draw.',
);
const noCharts = { name: 'recharts', message: 'Charts live in renderer/charts: give one of them data.' };

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
        { selector: 'ExportDefaultDeclaration', message: 'Name what you export: it is found by its name.' },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off', // with noUncheckedIndexedAccess it states a known bound
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/require-await': 'off', // ports are async although some adapters need not wait
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  walls(['app/**/*.ts'], [toNode, toMain, toPage]),
  walls(['app/**/*.node.ts', 'app/cli/**/*.ts'], [toMain, toPage]),
  walls(['main/**/*.ts'], [toPage]),
  walls(['renderer/**/*.{ts,tsx}'], [toNode, toMain], [noCharts]),
  walls(['renderer/charts/**/*.{ts,tsx}'], [toNode, toMain]),
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
