import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const pagesIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);

/** The documents in Chinese. */
export const chineseDocuments: readonly string[] = ['README.zh-CN.md', ...pagesIn('docs/zh')];

/** The documents for users: paths from the root of the repository. */
export const documents: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'src/README.md',
  'vagrant/README.md',
  ...pagesIn('docs'),
  ...chineseDocuments,
];
