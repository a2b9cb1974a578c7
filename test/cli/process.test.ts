import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asksForEvents, checkEvents } from '../events.ts';
import { inventoryWith } from '../samples/inventory-options.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-process-'));
  writeFileSync(join(folder, 'good.yaml'), inventoryWith());
  writeFileSync(join(folder, 'bad.yaml'), inventoryWith(['nonsense: 1', 'more: 2']));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A separate process: the view of a shell or a CI job. */
function kboot(...argv: string[]): Promise<{ status: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'src/main.ts'), ...argv], {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.once('error', reject);
    child.once('close', (status) => {
      if (asksForEvents(argv)) checkEvents(out.split('\n').filter((line) => line !== ''));
      resolve({ status, out, err });
    });
  });
}

describe('the command', () => {
  it('0 for help, which goes to stdout and lists every command', async () => {
    const { status, out, err } = await kboot('--help');
    expect([status, err]).toEqual([0, '']);
    for (const word of ['validate', 'plan', 'up', 'reset', 'bundle', 'Exit status'])
      expect(out).toContain(word);
  });

  it.runIf(existsSync('/dev/full'))('1 if its output is lost on a full disk, in one line', () => {
    const argv = ['--import', 'tsx', join(root, 'src/main.ts'), 'explain', 'E-AUTH'];
    const run = spawnSync(process.execPath, argv, {
      ...{ cwd: root, encoding: 'utf8', stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'] },
    });
    expect([run.status, run.stderr]).toEqual([
      1,
      '✗ The output cannot be written: ENOSPC: no space left on device, write\n',
    ]);
  });

  it('0 for a valid inventory', async () => {
    const { status, out, err } = await kboot('validate', join(folder, 'good.yaml'));
    expect([status, err]).toEqual([0, '']);
    expect(out).toContain('valid: test, 2 hosts');
  });

  it('3 for a language that it does not have', async () => {
    const { status, err } = await kboot('explain', 'auth', '--lang', 'fr');
    expect(status).toBe(3);
    expect(err).toContain('--lang must be one of en, zh, not "fr"');
  });

  it('3 for an invalid command line, with a hint on stderr', async () => {
    const [unknown, none] = await Promise.all([kboot('pln', join(folder, 'good.yaml')), kboot()]);
    expect([unknown.status, unknown.out, none.status, none.out]).toEqual([3, '', 3, '']);
    expect(unknown.err).toContain('plan');
    expect(none.err).toContain('kboot --help');
    expect(unknown.err + none.err).not.toContain('    at ');
  });

  it('3 for an inventory with problems, all of them on stderr', async () => {
    const { status, out, err } = await kboot('validate', join(folder, 'bad.yaml'));
    expect([status, out]).toEqual([3, '']);
    expect(err.match(/bad\.yaml:\d+:\d+: /g)?.length).toBeGreaterThanOrEqual(2);
    expect(err).toContain('2 problems; nothing was contacted.');
  });

  it('errors are a line of JSON on stdout with -o json', async () => {
    const { status, out } = await kboot('validate', join(folder, 'none.yaml'), '-o', 'json');
    expect(status).toBe(3);
    expect(JSON.parse(out)).toMatchObject({ type: 'error', code: 'E-INVENTORY' });
  });

  it('the completion script is an event with -o json', async () => {
    const [text, json] = await Promise.all([kboot('completion'), kboot('completion', '-o', 'json')]);
    expect([text.status, json.status]).toEqual([0, 0]);
    const { type, script } = JSON.parse(json.out) as { type: string; script: string };
    expect([type, script.trim()]).toEqual(['completion', text.out.trim()]);
    expect(script).toContain('--get-yargs-completions');
  });

  it('continues after the reader of its output has gone', async () => {
    const shell = `{ ${process.execPath} --import tsx src/main.ts explain -o json; echo "status $?" >&2; } | true`;
    const { stderr } = await promisify(execFile)('bash', ['-c', shell], { cwd: root });
    expect(stderr).toBe('status 0\n');
  });
});
