import '../view/no-color.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { errorCodes, exitStatus } from '../../src/model/error.ts';
import { kboot } from './run.ts';

describe('kboot explain', () => {
  it('explains a code and its remedy, in lines that fit', async () => {
    const { out } = await kboot('explain', 'E-LOCKED');
    expect(out).toMatchInlineSnapshot(`
      "E-LOCKED · exit status 7
      Another run holds the lock.

      What it means
        Another kboot is working on this cluster: it holds the lock in the state
        folder, or the lock of the cluster on its control planes (/run/kboot) and in
        its API (Lease kube-system/kboot), or one of its sessions is still running on
        a host. Two runs at once could undo each other's changes, so this one did
        nothing. A run renews its lock every 5 s; if it dies, the lock becomes free:
        at once if it ran on this machine, otherwise after 30 s.

      What to do
        Wait until the other run ends, or end it (press Ctrl-C once to let its current
        steps finish). \`kboot unlock INVENTORY\` shows who holds the lock, and removes
        a lock whose owner is gone. If a session is left on a host, the message shows
        its process: end it there.
      "
    `);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect((await kboot('explain', 'locked')).out).toBe(out);
  });

  it('lists every code without an argument', async () => {
    const { out } = await kboot('explain');
    for (const [code, { exit, title }] of Object.entries(errorCodes))
      expect(out).toMatch(new RegExp(`^${code} +${exit}  ${title.replaceAll('.', '\\.')}$`, 'm'));
  });

  it('prints JSON on request', async () => {
    const { out } = await kboot('explain', '-o', 'json');
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.map(({ code }) => code)).toEqual(Object.keys(errorCodes));
    expect(events[0]).toMatchObject({ type: 'explanation', exit: 3, remedy: expect.any(String) as unknown });
  });

  it('suggests the nearest code for an unknown one', async () => {
    const [near, far] = [await kboot('explain', 'e-quorm'), await kboot('explain', 'bootstrapping')];
    expect(near.error).toMatchObject({
      code: 'E-USAGE',
      message: '"e-quorm" is not an error code of kboot; did you mean E-QUORUM?',
    });
    expect(far.error).toMatchObject({ message: '"bootstrapping" is not an error code of kboot.' });
  });
});

describe('the table of codes', () => {
  const text = Object.entries(errorCodes);

  it.each(text)('%s has a paragraph on what happened, and one on what to do', (_code, { cause, remedy }) => {
    for (const paragraph of [cause, remedy]) {
      expect(paragraph.length).toBeGreaterThan(120);
      expect(paragraph).toMatch(/^[A-Z`"].*\.$/);
      expect(paragraph).not.toMatch(/ {2}|\n/);
    }
  });

  it('names no unknown command', () => {
    const folder = fileURLToPath(new URL('../../src/cli', import.meta.url));
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    const verbs = files.flatMap((file) =>
      [...file.matchAll(/^ {2}command: '(\w+)/gm)].map(([, verb]) => verb),
    );
    const said = text.flatMap(([, { cause, remedy }]) => [...`${cause} ${remedy}`.matchAll(/`kboot (\w+)/g)]);
    const named = said.map(([, verb = '']) => verb).filter((verb) => verb !== 'COMMAND');
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((verb) => !verbs.includes(verb))).toEqual([]);
  });

  it('has every exit status of a failure', () => {
    const used = new Set<number>(text.map(([, { exit }]) => exit));
    const failures = Object.values(exitStatus).filter((status) => status !== 0 && status !== 2);
    expect([...used].sort()).toEqual([...failures].sort());
  });
});
