import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerChannel } from 'ssh2';
import type { FleetHost, Served } from './fleet.ts';

interface Step {
  readonly id: string;
  readonly script: number;
  readonly size: number;
  readonly path: string;
}

/**
 * The remote end of a session, and of the cluster's lock: a program comes as its length, a line, and itself; then its input.
 * Calls `end` at the end of that.
 */
export function takeProgram(host: FleetHost, channel: ServerChannel, served: Served, end: () => void): void {
  let buffer = Buffer.alloc(0);
  let nonce: string | undefined;
  let pending: Step | undefined;
  let failed = false;
  const say = (words: string): void => {
    channel.write(`@${nonce ?? ''} ${words}\n`);
  };
  channel.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    while (advance());
  });
  channel.on('end', end);

  function advance(): boolean {
    if (pending !== undefined) return step(pending);
    const newline = buffer.indexOf(10);
    if (newline < 0) return false;
    const line = buffer.subarray(0, newline).toString();
    if (nonce === undefined) {
      const after = newline + 1 + Number(line);
      if (buffer.length < after) return false;
      begin(buffer.subarray(newline + 1, after).toString());
      buffer = buffer.subarray(after);
      return true;
    }
    buffer = buffer.subarray(newline + 1);
    const [verb = '', id = '', script = '0', size = '0', , path = '-'] = line.split(' ');
    if (verb === 'step') pending = { id, script: Number(script), size: Number(size), path };
    else if (verb === 'take') say('taken 999999 - - -');
    else say(verb === 'beat' ? 'beat' : 'dropped');
    return true;
  }

  function begin(program: string): void {
    nonce = /@([0-9a-f]{24})/.exec(program)?.[1] ?? '';
    const takesSteps = program.includes('payloadPath');
    host[takesSteps ? 'sessions' : 'locks']++;
    if (takesSteps) say('ready');
  }

  function step({ id, script, size, path }: Step): boolean {
    if (buffer.length < script + size) return false;
    const payload = buffer.subarray(script, script + size);
    buffer = buffer.subarray(script + size);
    pending = undefined;
    if (failed) {
      say(`skip ${id}`);
      return true;
    }
    host.steps++;
    const target = path.replace('.kboot~', '');
    if (path !== '-') host.received.set(target, createHash('sha256').update(payload).digest('hex'));
    say(`start ${id}`);
    failed = host.fails;
    if (!failed && !host.installed) {
      host.installed = true;
      served.installed(served.host(host.name));
    }
    void sleep(host.delayMs).then(() => {
      const output = failed ? 'it fails here' : '';
      channel.write(`@${nonce ?? ''} done ${id} ${failed ? 1 : 0} ${output.length}\n${output}\n`);
    });
    return true;
  }
}
