import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Agent, type Message } from '../../../src/apply/spread/agent.ts';
import { sha256 } from '../../../src/model/digest.ts';
import { localHost, type LocalHost } from '../local-host.ts';

const shells = ['dash', 'bash'].filter((shell) => spawnSync(shell, ['-c', ':']).status === 0);
const data = randomBytes(300_000);
const digest = sha256(data);

describe.each(shells)('the shell of a spread in %s', (shell) => {
  let host: LocalHost;
  let said: string[];
  let wake: (() => void) | undefined;
  const onMessage = ({ word, rest }: Message): void => {
    said.push([word, ...rest].join(' '));
    wake?.();
  };
  const until = async (start: string): Promise<string> => {
    for (;;) {
      const found = said.find((line) => line.startsWith(start));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  beforeEach(() => {
    host = localHost(shell);
    said = [];
  });
  afterEach(() => {
    host.remove();
  });

  it('receives a file in pieces, some of them compressed, and checks it', async () => {
    const agent = await Agent.start(host.writer, onMessage);
    await until('ready');
    const [one, two] = [data.subarray(0, 100_000), data.subarray(100_000)];
    agent.send(`put ${digest} 0 ${one.length} raw`, one);
    const packed = gzipSync(two);
    agent.send(`put ${digest} 100000 ${packed.length} gzip`, packed);
    agent.send(`seal ${digest}`);
    expect(await until('have')).toBe(`have ${digest} 300000`);
    expect(said).toContain(`took ${digest} 100000`);
    await agent.close();
    expect(existsSync(host.path('kboot/spread', digest))).toBe(true);
    expect(existsSync(host.path('run/kboot/spread'))).toBe(false);
  });

  it('keeps what had arrived when it ends, and goes on there', async () => {
    const first = await Agent.start(host.writer, onMessage);
    await until('ready');
    first.send(`put ${digest} 0 100000 raw`, data.subarray(0, 100_000));
    await until('took');
    await first.close();
    said = [];
    const second = await Agent.start(host.writer, onMessage);
    await until('ready');
    expect(said).toContain(`part ${digest} 100000`);
    second.send(`put ${digest} 100000 200000 raw`, data.subarray(100_000));
    second.send(`seal ${digest}`);
    await until('have');
    await second.close();
    said = [];
    const third = await Agent.start(host.writer, onMessage);
    await until('ready');
    expect(said).toContain(`held ${digest}`);
    third.send('forget');
    await third.close();
    expect(existsSync(host.path('kboot/spread'))).toBe(false);
  });

  it('keeps no file with another digest', async () => {
    mkdirSync(host.path('kboot/spread'), { recursive: true });
    writeFileSync(host.path('kboot/spread', digest), data.subarray(1));
    const agent = await Agent.start(host.writer, onMessage);
    await until('ready');
    expect(said.filter((line) => line.startsWith('held'))).toEqual([]);
    agent.send(`put ${digest} 0 10 raw`, data.subarray(1, 11));
    agent.send(`seal ${digest}`);
    expect(await until('wrong')).toBe(`wrong ${digest}`);
    agent.send(`put ${digest} 7 10 raw`, data.subarray(1, 11));
    expect(await until('lost')).toContain('the partial file has changed');
    await agent.close();
  });

  it('does not start a second time while the first goes on', async () => {
    const first = await Agent.start(host.writer, onMessage);
    await until('ready');
    const second = await Agent.start(host.writer, onMessage);
    expect(await until('absent')).toBe('absent busy');
    await second.ended;
    await first.close();
  });
});
