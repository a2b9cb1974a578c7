import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { KbootError } from '../../src/model/error.ts';
import { readForeignText, variableFiles } from '../../src/store/foreign-text.ts';
import { freshFolder } from '../cli/folder.ts';

const at = freshFolder();
const refusal = (path: string, limit = 100): string => {
  try {
    return readForeignText(path, '--from-x', limit);
  } catch (error) {
    expect(error).toBeInstanceOf(KbootError);
    return (error as KbootError).message.replace(at(), '');
  }
};

it('reads a text up to a limit, and refuses what is none', () => {
  writeFileSync(at('a'), 'ä'.repeat(50));
  writeFileSync(at('b'), 'a'.repeat(101));
  writeFileSync(at('c'), Buffer.from([0xff, 0xfe]));
  expect(refusal(at('a'))).toBe('ä'.repeat(50));
  expect(refusal(at('b'))).toContain('--from-x /b: it is larger than');
  expect(refusal(at('c'))).toBe('--from-x /c: it is not UTF-8 text; nothing was written.');
  expect(refusal(at('none'))).toBe('--from-x /none: it does not exist; nothing was written.');
  expect(refusal(at())).toContain('it is a folder');
  expect(refusal('/dev/zero')).toContain('it is larger than');
});

it('finds files of variables as Ansible does', () => {
  const files = (name: string): readonly string[] =>
    variableFiles(at(), name).map((path) => path.slice(at().length + 1));
  for (const name of ['web.yml', 'web.yaml', 'db.yaml', 'x.json', 'a.example.com', 'all.yml'])
    writeFileSync(at(name), '');
  mkdirSync(at('all/deep'), { recursive: true });
  for (const name of ['all/z.yml', 'all/a', 'all/deep/m.json', 'all/.hidden.yml', 'all/n.txt', 'all/o.yml~'])
    writeFileSync(at(name), '');
  symlinkSync(at('all'), at('linked'));
  expect([files('web'), files('db'), files('x'), files('a.example.com')]).toEqual([
    ['web.yml'],
    ['db.yaml'],
    ['x.json'],
    ['a.example.com'],
  ]);
  // A folder comes before a file with an ending, which is then not read.
  expect(files('all')).toEqual(['all/a', 'all/deep/m.json', 'all/z.yml']);
  expect(files('linked')).toHaveLength(3);
  expect([files('none'), files('../all'), files('..')]).toEqual([[], [], []]);
});
