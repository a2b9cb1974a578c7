import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostConnection, Reader, ScriptResult } from '../../../src/transport/types.ts';

export interface HostFiles {
  /** Files of /var/log/containers by name, the oldest first. */
  readonly containers?: Readonly<Record<string, string>>;
  /** Output of systemctl and journalctl for units; others are not installed. */
  readonly units?: Readonly<Record<string, { readonly show: string; readonly journal?: string }>>;
  /** Output of `ss`. */
  readonly listeners?: string;
}

export interface FakeHost {
  readonly connection: Pick<HostConnection, 'reader'>;
  /** Scripts that were read. */
  readonly scripts: string[];
  remove(): void;
}

/** A host with fake log files and fake output of systemd and ss: scripts run here in sh. */
export function fakeHost(name: string, { containers = {}, units = {}, listeners = '' }: HostFiles): FakeHost {
  const root = mkdtempSync(join(tmpdir(), 'kboot-diagnose-'));
  const [bin, logs, data] = ['bin', 'logs', 'units'].map((part) => join(root, part)) as [
    string,
    string,
    string,
  ];
  for (const folder of [bin, logs, data]) mkdirSync(folder);
  Object.entries(containers).forEach(([file, text], index) => {
    writeFileSync(join(logs, file), text);
    utimesSync(join(logs, file), 1000 + index, 1000 + index);
  });
  for (const [unit, { show, journal = '' }] of Object.entries(units)) {
    writeFileSync(join(data, `${unit}.service.show`), show);
    writeFileSync(join(data, `${unit}.service.journal`), journal);
  }
  writeFileSync(join(data, 'listeners'), listeners);
  const program = (command: string, script: string): void => {
    writeFileSync(join(bin, command), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, command), 0o755);
  };
  const unitOf = 'for unit; do case $unit in *.service) break;; esac; done';
  program('systemctl', `${unitOf}; cat "${data}/$unit.show" 2>/dev/null || echo LoadState=not-found`);
  program('journalctl', `${unitOf}; cat "${data}/$unit.journal" 2>/dev/null`);
  program('ss', `cat "${data}/listeners"`);

  const scripts: string[] = [];
  const reader: Reader = {
    host: name,
    stats: { connections: 1, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 },
    forward: () => Promise.reject(new Error('not in this test')),
    read(script) {
      scripts.push(script);
      return runHere(script.replaceAll('/var/log/containers/', `${logs}/`), bin);
    },
  };
  return {
    connection: { reader },
    scripts,
    remove: () => {
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function runHere(script: string, bin: string): Promise<ScriptResult> {
  return new Promise((resolve) => {
    const child = spawn('sh', { env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('close', (exitCode) => {
      resolve({ stdout, stderr, exitCode });
    });
    child.stdin.end(script);
  });
}

/** A unit as `systemctl show` prints it. */
export const running =
  'LoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nExecMainStatus=0\nNRestarts=0\n';
export const failing =
  'LoadState=loaded\nActiveState=activating\nSubState=auto-restart\nResult=exit-code\nExecMainStatus=1\nNRestarts=12\n';
