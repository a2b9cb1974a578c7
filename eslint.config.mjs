import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'dist-release', 'coverage', '.kboot', 'node_modules', 'scripts/*.mjs', 'docs/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.mjs', 'src/view/html/*.js'] } },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  { files: ['*.mjs', '**/*.js'], ...tseslint.configs.disableTypeChecked },
);
