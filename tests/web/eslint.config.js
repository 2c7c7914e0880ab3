// SPDX-License-Identifier: Apache-2.0
// The style of our JavaScript.  tsc checks its types.
import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['**/assets/**'] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'array-callback-return': 'error',
      'arrow-body-style': 'error',
      'consistent-return': 'error',
      curly: 'error',
      'default-case-last': 'error',
      'dot-notation': 'error',
      eqeqeq: 'error',
      'func-style': ['error', 'declaration', { allowArrowFunctions: true }],
      'grouped-accessor-pairs': 'error',
      'max-depth': ['error', 3],
      'max-len': ['error', { code: 88 }],
      'no-alert': 'error',
      'no-console': 'error',
      // Those that a paste must not contain.
      'no-control-regex': 'off',
      'no-constructor-return': 'error',
      'no-else-return': ['error', { allowElseIf: false }],
      'no-eval': 'error',
      'no-extend-native': 'error',
      'no-implicit-coercion': 'error',
      'no-implied-eval': 'error',
      'no-lonely-if': 'error',
      'no-multi-assign': 'error',
      'no-nested-ternary': 'error',
      'no-new': 'error',
      'no-new-func': 'error',
      'no-param-reassign': 'error',
      'no-restricted-syntax': [
        'error',
        {
          // Text of a guest, or of an address, must not become elements.
          selector: 'AssignmentExpression[left.property.name=/^(inner|outer)HTML$/]',
          message: 'Add text and elements instead of markup.',
        },
        {
          selector: 'CallExpression[callee.property.name="insertAdjacentHTML"]',
          message: 'Add text and elements instead of markup.',
        },
      ],
      'no-return-assign': 'error',
      'no-script-url': 'error',
      'no-self-compare': 'error',
      'no-sequences': 'error',
      'no-shadow': 'error',
      'no-throw-literal': 'error',
      'no-unneeded-ternary': 'error',
      'no-unreachable-loop': 'error',
      'no-unused-expressions': 'error',
      'no-useless-concat': 'error',
      'no-useless-return': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-arrow-callback': 'error',
      'prefer-const': 'error',
      'prefer-object-spread': 'error',
      'prefer-rest-params': 'error',
      'prefer-spread': 'error',
      'prefer-template': 'error',
      radix: 'error',
      'require-await': 'error',
      strict: ['error', 'never'],
      'symbol-description': 'error',
      yoda: 'error',
    },
  },
  {
    files: ['console_ext/proxy/web/**'],
    languageOptions: { globals: globals.browser },
  },
  {
    // It runs before any module can.
    files: ['console_ext/proxy/web/address.js'],
    languageOptions: { sourceType: 'script' },
  },
  {
    // They run in node, with fakes of the browser.
    files: ['tests/web/**'],
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
  },
];
