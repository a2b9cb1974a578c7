import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { defaultStateDir, openState, peekState } from '../../src/store/state.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-state-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});
const modeOf = (path: string) => statSync(path).mode & 0o777;

it('is beside the inventory', () => {
  expect(defaultStateDir('/a/inventories/prod.yaml', 'prod')).toBe('/a/inventories/.kboot/prod');
});

it('is created with all missing parent folders closed to others', async () => {
  const state = await openState(join(folder, '.kboot', 'prod'));
  expect(state.pki).toBe(join(folder, '.kboot', 'prod', 'pki'));
  expect([modeOf(state.dir), modeOf(join(folder, '.kboot'))]).toEqual([0o700, 0o700]);
});

it('is closed to others when it was open', async () => {
  chmodSync(folder, 0o755);
  await openState(folder);
  expect(modeOf(folder)).toBe(0o700);
});

it('may be a symbolic link', async () => {
  const real = join(folder, 'real');
  mkdirSync(real, { mode: 0o755 });
  symlinkSync(real, join(folder, 'link'));
  await openState(join(folder, 'link'));
  expect(modeOf(real)).toBe(0o700);
});

it('is refused when it is a file', async () => {
  writeFileSync(join(folder, 'file'), '');
  for (const open of [openState, peekState]) {
    await expect(open(join(folder, 'file'))).rejects.toMatchObject({ code: 'E-STATE' });
    await expect(open(join(folder, 'file', 'below'))).rejects.toMatchObject({ code: 'E-STATE' });
  }
});

it('is refused when nothing can be written into it', async () => {
  mkdirSync(join(folder, '.gitignore'));
  await expect(openState(folder)).rejects.toMatchObject({
    code: 'E-STATE',
    message: `The state folder cannot be written: ${folder}`,
  });
});

it.runIf(process.getuid?.() === 0)('is refused when it is another user’s', async () => {
  chownSync(folder, 12345, 12345);
  for (const open of [openState, peekState]) {
    await expect(open(folder)).rejects.toMatchObject({
      code: 'E-STATE',
      message: expect.stringContaining('12345') as string,
    });
  }
});

it('is neither created nor changed by a read-only command', async () => {
  await peekState(join(folder, 'none'));
  expect(existsSync(join(folder, 'none'))).toBe(false);
  chmodSync(folder, 0o755);
  await peekState(folder);
  expect(modeOf(folder)).toBe(0o755);
});
