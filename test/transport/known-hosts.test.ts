import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { knownHostsName, matchesName, parseKnownHosts } from '../../src/transport/known-hosts.ts';

let dir = '';
const keys: string[] = [];

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'kboot-known-hosts-'));
  for (const type of ['ed25519', 'ecdsa', 'rsa']) {
    const path = join(dir, type);
    execFileSync('ssh-keygen', ['-q', '-N', '', '-t', type, '-f', path]);
    keys.push(readFileSync(`${path}.pub`, 'utf8').split(' ').slice(0, 2).join(' '));
  }
});

afterAll(() => {
  rmSync(dir, { recursive: true });
});

/** Line numbers that ssh-keygen -F reports for `name`. */
function byKeygen(file: string, name: string): number[] {
  try {
    const out = execFileSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' });
    return [...out.matchAll(/found: line (\d+)/g)].map((m) => Number(m[1]));
  } catch {
    return [];
  }
}

function byKboot(text: string, name: string): number[] {
  return parseKnownHosts(text)
    .filter((entry) => matchesName(entry, name))
    .map((entry) => entry.line);
}

describe('known_hosts', () => {
  it('finds the lines that ssh-keygen -F finds, in plain and in hashed form', () => {
    const [a = '', b = '', c = ''] = keys;
    const text = [
      '# a comment',
      '',
      `one.example ${a}`,
      `one.example,10.0.0.1 ${b} a comment`,
      `[one.example]:2222 ${c}`,
      `*.example,!two.example ${a}`,
      `10.0.0.? ${b}`,
      `@revoked one.example ${c}`,
      `@cert-authority *.example ${c}`,
      `[fd00::11]:2222,fd00::11 ${a}`,
      `  \tthree.example\t${b}`,
      `@unknown one.example ${a}`,
      'six.example',
      '',
    ].join('\n');
    const plain = join(dir, 'plain');
    const hashed = join(dir, 'hashed');
    writeFileSync(plain, text);
    const names = [
      'one.example',
      '10.0.0.1',
      '[one.example]:2222',
      'two.example',
      'x.example',
      'three.example',
    ];
    names.push('10.0.0.12', 'fd00::11', '[fd00::11]:2222', 'six.example', 'nobody');
    for (const name of names) expect([name, byKboot(text, name)]).toEqual([name, byKeygen(plain, name)]);

    writeFileSync(hashed, text.split('\n').slice(2, 5).join('\n') + '\n');
    execFileSync('ssh-keygen', ['-q', '-H', '-f', hashed], { stdio: 'ignore' });
    const hashedText = readFileSync(hashed, 'utf8');
    expect(hashedText).toContain('|1|');
    expect(hashedText).not.toContain('one.example');
    for (const name of ['one.example', '10.0.0.1', '[one.example]:2222', '[one.example]:22', 'nobody']) {
      expect([name, byKboot(hashedText, name)]).toEqual([name, byKeygen(hashed, name)]);
    }
    expect(byKboot(hashedText, '10.0.0.1')).toHaveLength(1);
  });

  it('keeps the markers and all keys of a host', () => {
    const [a = '', b = ''] = keys;
    const entries = parseKnownHosts(`h ${a}\nh ${b}\n@revoked h ${b}\n@cert-authority h ${a}\n`);
    expect(entries.map((e) => [e.line, e.type, e.marker])).toEqual([
      [1, 'ssh-ed25519', undefined],
      [2, 'ecdsa-sha2-nistp256', undefined],
      [3, 'ecdsa-sha2-nistp256', 'revoked'],
      [4, 'ssh-ed25519', 'cert-authority'],
    ]);
  });

  it('skips keys that are truncated or not of the stated type', () => {
    const [a = ''] = keys;
    const mistyped = `h ssh-rsa ${a.split(' ')[1] ?? ''}`;
    expect(parseKnownHosts([mistyped, `h ${a.slice(0, -3)}`, `h ${a.slice(0, -4)}`].join('\n'))).toEqual([]);
  });

  it('names a host as OpenSSH does', () => {
    expect(knownHostsName('Host.Example', 22)).toBe('host.example');
    expect(knownHostsName('Host.Example', 2222)).toBe('[host.example]:2222');
  });

  it('agrees with ssh-keygen -F on any patterns', () => {
    const pattern = fc.stringMatching(/^!?[ab*?.]{1,6}$/);
    const file = join(dir, 'patterns');
    fc.assert(
      fc.property(
        fc.array(pattern, { minLength: 1, maxLength: 4 }),
        fc.stringMatching(/^[ab.]{1,6}$/),
        (list, name) => {
          const text = `${list.join(',')} ${keys[0] ?? ''}\n`;
          writeFileSync(file, text);
          expect(byKboot(text, name)).toEqual(byKeygen(file, name));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('never throws on free text', () => {
    const field = fc.oneof(
      fc.string(),
      fc.constantFrom('|1|', '|', '@revoked', '#', 'ssh-rsa', 'AAAA', ',', '!', '\r'),
    );
    const line = fc.array(field, { maxLength: 6 }).map((fields) => fields.join(' '));
    fc.assert(
      fc.property(
        fc.array(line).map((lines) => lines.join('\n')),
        fc.string(),
        (text, name) => {
          for (const entry of parseKnownHosts(text)) matchesName(entry, name);
        },
      ),
    );
    fc.assert(
      fc.property(fc.string(), fc.string(), (names, name) => {
        for (const e of parseKnownHosts(`x ${keys[0] ?? ''}`)) matchesName({ ...e, names }, name);
      }),
    );
  });
});
