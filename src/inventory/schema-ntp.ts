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
          'NTP servers of every host. chrony or systemd-timesyncd is configured, whichever the host has and runs; chrony is installed where there is neither. A file beside those of the distribution says so, whose servers chrony uses only if none of these answers.',
      }),
  })
  .meta({ description: 'The time of the hosts. Default: as their distribution sets it.' })
  .optional();
