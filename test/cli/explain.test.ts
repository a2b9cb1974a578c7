import '../view/no-color.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import stringWidth from 'fast-string-width';
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

  it('speaks Chinese when asked to, in lines that fit; JSON stays English', async () => {
    const { out } = await kboot('explain', 'E-LOCKED', '--lang', 'zh');
    expect(out).toMatchInlineSnapshot(`
      "E-LOCKED · 退出状态码 7
      另一个运行持有锁。

      含义
        另一个 kboot 正在处理这个集群：它持有状态目录中的锁，或者集群的锁，后者在控制
        平面主机上（/run/kboot）和 API 中（Lease kube-system/kboot）；也可能是它的某个
        会话仍在主机上运行。两个运行同时进行可能互相撤销更改，因此这个运行什么也没有
        做。运行每 5 秒续一次锁；如果它中止，锁会释放：在本机上立即释放，在其他机器上
        30 秒后释放。

      处理方法
        等待另一个运行结束，或者结束它（按一次 Ctrl-C，让当前步骤执行完）。\`kboot
        unlock INVENTORY\` 显示锁的持有者，并删除持有者已不存在的锁。如果主机上还有残留
        的会话，消息会给出它的进程：在那里结束它。
      "
    `);
    expect(Math.max(...out.split('\n').map((line) => stringWidth(line)))).toBeLessThanOrEqual(80);
    expect((await kboot('explain', '--lang', 'zh')).out).toContain(
      'E-QUORUM                 5  etcd 没有法定人数，或者会因这次更改而失去法定人数。\n',
    );
    const json = ['explain', 'E-LOCKED', '-o', 'json'];
    expect((await kboot(...json, '--lang', 'zh')).out).toBe((await kboot(...json)).out);
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
