import { systemOf } from '../../catalog/systems.ts';
import type { HostFacts } from '../../model/facts.ts';
import { paths } from './paths.ts';
import type { HostText, TextContext } from './types.ts';

/** What keeps the time of a host: kboot installs chrony where nothing does. */
export function timeServiceOf(facts: HostFacts): 'chrony' | 'chronyd' | 'systemd-timesyncd' {
  return facts.timeService === 'timesyncd' ? 'systemd-timesyncd' : systemOf(facts).chrony;
}

/**
 * Files that add servers to what the distribution configures. Debian's chrony.conf reads /etc/chrony/sources.d; that of
 * RHEL reads no folder that outlives a boot, so chronyd is started with a file that includes it.
 */
export function ntpFiles(
  { renderer }: TextContext,
  facts: HostFacts,
  servers: readonly string[],
): readonly HostText[] {
  const file = (path: string, text: string): HostText => ({ path, mode: 0o644, text });
  switch (timeServiceOf(facts)) {
    case 'systemd-timesyncd':
      return [file(paths.timesyncd, renderer.render('host/timesyncd.conf.hbs', { servers }))];
    case 'chrony':
      return [file(paths.chronySources, renderer.render('host/chrony.sources.hbs', { servers }))];
    case 'chronyd':
      return [
        file(paths.chronydConfig, renderer.render('host/chronyd.conf.hbs', { servers })),
        file(
          paths.chronydEnvironment,
          renderer.render('host/chronyd.env.hbs', { config: paths.chronydConfig }),
        ),
        file(
          paths.chronydDropIn,
          renderer.render('host/chronyd-drop-in.conf.hbs', { environment: paths.chronydEnvironment }),
        ),
      ];
  }
}

/** Every file that any of them may have. */
export const allNtpFiles: readonly string[] = [
  paths.timesyncd,
  paths.chronySources,
  paths.chronydConfig,
  paths.chronydEnvironment,
  paths.chronydDropIn,
];
