import { afterEach, expect, it, vi } from 'vitest';
import { languageOfRun } from '../../src/cli/language.ts';
import { kboot } from './run.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('--lang wins over the environment', () => {
  vi.stubEnv('LC_ALL', 'zh_CN.UTF-8');
  expect(languageOfRun(['kboot', 'explain'])).toBe('zh');
  expect(languageOfRun(['kboot', 'explain', '--lang', 'en'])).toBe('en');
  expect(languageOfRun(['kboot', '--lang=en', 'explain'])).toBe('en');
  vi.stubEnv('LC_ALL', 'en_US.UTF-8');
  expect(languageOfRun(['kboot', 'explain', '--lang=zh'])).toBe('zh');
  expect(languageOfRun(['kboot', 'explain', '--lang', 'fr'])).toBe('en');
  expect(languageOfRun(['kboot', 'explain', '--lang'])).toBe('en');
});

it('an explanation is in the language of the environment', async () => {
  vi.stubEnv('LC_ALL', 'zh_CN.UTF-8');
  expect((await kboot('explain', 'auth')).out).toContain('主机拒绝了所有凭据。\n');
  expect((await kboot('explain', 'auth', '--lang', 'en')).out).toContain(
    'The host refused every credential.\n',
  );
});
