import { expect, it } from 'vitest';
import { timeResources } from '../../src/desire/stages/time.ts';
import { assumedFacts, type HostFacts } from '../../src/model/facts.ts';
import { foreignTimeService } from '../../src/plan/preflight/time.ts';
import { good } from '../samples/inspection.ts';
import { unissued } from '../samples/desire.ts';
import { single } from '../samples/text.ts';

const cluster = single({ ntp: { servers: ['10.0.0.123', 'ntp.example'] } });
const rocky = { id: 'rocky', versionId: '9.6' };

/** A host on which nothing keeps the time. */
function without(facts: HostFacts): HostFacts {
  const { architecture, os, caDirectories, systemdResolved, interface: link } = facts;
  return { architecture, os, caDirectories, systemdResolved, interface: link };
}

function texts(facts: Partial<HostFacts>, of = cluster): Record<string, string> {
  return Object.fromEntries(
    timeResources(unissued(of), { ...without(assumedFacts), ...facts }).map((each) => [
      each.kind === 'file'
        ? each.path
        : `${each.kind} ${'name' in each ? each.name : 'path' in each ? each.path : ''}`,
      each.kind === 'file' && each.content.kind === 'text' ? each.content.text : '',
    ]),
  );
}

it('configures what the host has', () => {
  expect(texts({ timeService: 'timesyncd' })).toEqual({
    'directory /etc/systemd/timesyncd.conf.d': '',
    '/etc/systemd/timesyncd.conf.d/kboot.conf':
      '# Written by kboot: spec.ntp.servers\n[Time]\nNTP=\nNTP=10.0.0.123 ntp.example\n',
    'obsolete ntp': '',
    'time-service systemd-timesyncd': '',
  });
  expect(texts({ timeService: 'chrony' })['/etc/chrony/sources.d/kboot.sources']).toBe(
    '# Written by kboot: spec.ntp.servers\nserver 10.0.0.123 iburst prefer\nserver ntp.example iburst prefer\n',
  );
  expect(Object.keys(texts({ timeService: 'chrony' })).join()).not.toContain('package');
  expect(texts({ timeService: 'chrony', os: rocky })).toMatchObject({
    '/etc/chrony-kboot.conf':
      '# Written by kboot: spec.ntp.servers\ninclude /etc/chrony.conf\nserver 10.0.0.123 iburst prefer\nserver ntp.example iburst prefer\n',
    '/etc/chrony-kboot.env': '# Written by kboot: spec.ntp.servers\nOPTIONS=-F 2 -f /etc/chrony-kboot.conf\n',
    '/etc/systemd/system/chronyd.service.d/kboot.conf':
      '# Written by kboot: spec.ntp.servers\n[Service]\nEnvironmentFile=/etc/chrony-kboot.env\n',
    'time-service chronyd': '',
  });
});

it('installs chrony where nothing keeps the time', () => {
  expect(Object.keys(texts({}))).toEqual([
    'package chrony',
    'directory /etc/chrony/sources.d',
    '/etc/chrony/sources.d/kboot.sources',
    'obsolete ntp',
    'time-service chrony',
  ]);
});

it('without spec.ntp, has nothing to do but to remove what it wrote', () => {
  expect(texts({ timeService: 'timesyncd' }, single())).toEqual({});
  expect(texts({ timeService: 'timesyncd', ntpFiles: true }, single())).toEqual({
    'time-service systemd-timesyncd': '',
  });
});

it('leaves another daemon alone, and preflight names it', () => {
  expect(texts({ timeService: 'other' })).toEqual({});
  const [host] = cluster.hosts;
  if (host === undefined) throw new Error('no host');
  const seen = good(host);
  const other = { ...seen, facts: { ...seen.facts, timeService: 'other' as const } };
  expect(foreignTimeService(host, other, cluster)).toMatchObject({ check: 'TimeService', level: 'error' });
  expect(foreignTimeService(host, other, single())).toBeUndefined();
  expect(foreignTimeService(host, seen, cluster)).toBeUndefined();
});
