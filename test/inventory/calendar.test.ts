import { describe, expect, it } from 'vitest';
import { calendarEvent } from '../../src/inventory/calendar.ts';

/* What `systemd-analyze calendar` of systemd 252 says to each. */
describe('calendarEvent', () => {
  it.each([
    ...['daily', 'Hourly', 'hourly UTC', 'weekly Europe/Berlin', 'Sat', '05:40', '00:00 UTC'],
    ...['*:0/15', '*:0,15', '10..20:00', '*-*-* *:*:00', '*-*-01 02:00', '*-*~1', '*-02~03'],
    ...['Mon,Tue *-*-01..04 12:00:00', 'Mon..Fri *-*-* 03:00 Europe/Berlin', 'Mon *-05~07/1'],
    '2003-03-05 05:40 UTC',
  ])('takes %s', (event) => {
    expect(calendarEvent(event)).toBeUndefined();
  });

  it.each([
    ['daily 03:00', '"daily" is neither a weekday nor a word of systemd'],
    ['every 5 minutes', '"every" is neither a weekday nor a word of systemd'],
    ['0 3 * * *', '"0" is neither a date, a time nor a time zone'],
    ['24:00', 'a hour is from 0 to 23, not 24'],
    ['*:60', 'a minute is from 0 to 59, not 60'],
    ['*-13-01', 'a month is from 1 to 12, not 13'],
    ['*:0/0', 'a step cannot be 0'],
    ['20..10:00', '20..10 runs backwards'],
    ['Mon  03:00', 'it has a space too many, or is empty'],
    ['', 'it has a space too many, or is empty'],
    ['*-*-*T03:00', '"*T03:00" is not a day'],
    ['UTC', '"UTC" is neither a weekday nor a word of systemd'],
    ['03:00 Mars', '"Mars" is neither a date, a time nor a time zone'],
    ['03:00\nUnit=x', '"00\nUnit=x" is not a minute'],
  ])('refuses %s', (event, why) => {
    expect(calendarEvent(event)).toContain(why);
  });
});
