import * as z from 'zod';
import { parseUnicast } from './address.ts';
import { dnsName, parsedBy, text } from './fields.ts';

/** `spec.ntp`: where the hosts get the time from. */
export const ntp = z
  .strictObject({
    servers: z
      .array(
        text(
          {
            description: 'Address or DNS name of an NTP server.',
            examples: ['10.0.0.123', 'ntp.example.com'],
          },
          (value) => {
            if (/^[\d.]+$/.test(value) || value.includes(':')) return parsedBy(parseUnicast)(value);
            return dnsName(value.toLowerCase()) === undefined
              ? undefined
              : `must be an IP address or a DNS name, not "${value}"`;
          },
        ),
      )
      .min(1, 'must list at least one server')
      .max(16, 'must list at most 16 servers')
      .meta({
        description:
          'NTP servers of every host, for chrony or systemd-timesyncd: the one that runs on the host. Where neither is installed, kboot installs chrony. The servers are in a file of their own; chrony falls back to those of the distribution when these do not answer.',
      }),
  })
  .meta({ description: 'The time of the hosts. Default: as their distribution sets it.' })
  .optional();
