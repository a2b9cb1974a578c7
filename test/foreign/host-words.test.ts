import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHostWords } from '../../src/foreign/host-words.ts';
import { mostHosts } from '../../src/foreign/name-ranges.ts';
import { KbootError } from '../../src/model/error.ts';

const targets = (...words: string[]): readonly string[] =>
  readHostWords(words).hosts.map(
    ({ name, ssh }) =>
      `${name === undefined ? '' : `${name}=`}${ssh.user ?? ''}@${ssh.address ?? ''}:${ssh.port ?? ''}`,
  );
const problem = (word: string): string => {
  try {
    return targets(word).join(' ');
  } catch (error) {
    expect(error).toBeInstanceOf(KbootError);
    return (error as KbootError).message;
  }
};

describe('hosts from words', () => {
  it('are addresses, ranges, networks and names, with users and ports', () => {
    expect(targets('10.0.0.11-13')).toEqual(['@10.0.0.11:', '@10.0.0.12:', '@10.0.0.13:']);
    expect(targets('10.0.0.254-10.0.1.1')).toEqual([
      '@10.0.0.254:',
      '@10.0.0.255:',
      '@10.0.1.0:',
      '@10.0.1.1:',
    ]);
    expect(targets('10.0.0.8/29')).toHaveLength(6);
    expect(targets('10.0.0.8/29')[0]).toBe('@10.0.0.9:');
    expect(targets('10.0.0.8/31')).toEqual(['@10.0.0.8:', '@10.0.0.9:']);
    expect(targets('10.0.0.8/32')).toEqual(['@10.0.0.8:']);
    expect(targets('ops@10.0.0.11:2222,10.0.0.12 cp=10.0.0.13')).toEqual([
      'ops@10.0.0.11:2222',
      '@10.0.0.12:',
      'cp=@10.0.0.13:',
    ]);
    expect(targets('jdoe@corp.example.com@10.0.0.11')).toEqual(['jdoe@corp.example.com@10.0.0.11:']);
    expect(targets('fd00::11-fd00::12', 'fd00::9-b', '[fd00::1]:22', 'fd00::/127')).toEqual([
      ...['@fd00::11:', '@fd00::12:', '@fd00::9:', '@fd00::a:', '@fd00::b:'],
      ...['@fd00::1:22', '@fd00:::', '@fd00::1:'],
    ]);
    expect(targets('node[01:02].example.com:2222', 'a-1')).toEqual([
      '@node01.example.com:2222',
      '@node02.example.com:2222',
      '@a-1:',
    ]);
  });

  it('are refused one by one, with the word and the reason', () => {
    expect(problem('10.0.0.15-11')).toBe(
      '--from-hosts 10.0.0.15-11: must be in ascending order: 10.0.0.11 is before 10.0.0.15; nothing was written.',
    );
    expect(problem('a=10.0.0.1,A=10.0.0.2')).toContain('a=: names two hosts');
    expect(problem('root:hunter2@10.0.0.1')).toMatch(/^--from-hosts: has a password(?!.*hunter2)/);
    expect(problem('10.0.0.11/29')).toContain('the network is 10.0.0.8/29');
    expect(problem('10.0.0.0/8')).toContain(`more than ${mostHosts} hosts`);
    expect(problem('10.0.0.300')).toContain('must be an IP address');
    expect(problem('10.0.0.11:99999')).toContain('port from 1 to 65535');
    expect(problem('10.0.0.11-fd00::1')).toContain('same family');
    expect(problem('cp=10.0.0.11-12')).toContain('a name for 2 hosts');
    expect(problem('@10.0.0.11')).toContain('is not [NAME=][USER@]ADDRESS[:PORT]');
    expect(problem('=10.0.0.11')).toContain('is not [NAME=][USER@]ADDRESS[:PORT]');
    expect(problem('no_name')).toContain('DNS names, not "no_name"');
    expect(problem(' , ')).toContain('names no host');
  });

  it('any words: hosts with an address, or one clear error', () => {
    const pieces = fc.constantFrom(
      ...['10.0.0.1', '-', '/', '29', ',', ' ', '@', ':', '22', 'fd00::1', '[', ']', 'a', '=', '%', '15'],
    );
    const text = fc.array(pieces, { maxLength: 10 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary', maxLength: 30 })), (word) => {
        try {
          const { hosts } = readHostWords([word]);
          expect(hosts.every(({ ssh }) => ssh.address !== undefined && ssh.address !== '')).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(KbootError);
        }
      }),
      { numRuns: 400 },
    );
  });
});
