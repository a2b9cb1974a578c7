#!/usr/bin/perl
# A long line between two network namespaces, for kernels without netem: what one TUN device sends comes out of the other
# one later, at a limited rate, or not at all. Runs in the first namespace:
#   long-line.pl DEVICE OTHER_NAMESPACE ONE_WAY_MS BITS_PER_SECOND LOSS_PERCENT QUEUE_BYTES
# Both namespaces have DEVICE. 0 bits per second: no limit. QUEUE_BYTES wait for the line at most, the rest is lost.
# Prints `ready`. Answers a line of its stdin with the TCP connections since the last one, `SERVER ROUND_TRIPS` each, and a
# dot. Ends with its stdin.
use strict;
use warnings;
use Fcntl qw(O_RDWR O_NONBLOCK F_SETFL);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my $first = $ARGV[0] eq '--with' ? (splice @ARGV, 0, 2)[1] : undef;
my ($device, $other, $delay_ms, $rate, $loss, $most) = @ARGV;

my $tun = attach($device);
if (!defined $first) {
  fcntl($tun, Fcntl::F_SETFD, 0) or die "F_SETFD: $!";
  exec('ip', 'netns', 'exec', $other, $^X, $0, '--with', fileno $tun, @ARGV) or die "ip: $!";
}
open my $far, '+<&=', $first or die "the first device: $!";

# By client and server: the longest chain of data that answers data, as far as either has it.
my %chains;
my @ways = map { { from => $_->[0], to => $_->[1], queue => [], free => 0 } } [$far, $tun], [$tun, $far];
$| = 1;
print "ready\n";

for (;;) {
  my $now = clock_gettime(CLOCK_MONOTONIC);
  my $next;
  for my $way (@ways) {
    my $queue = $way->{queue};
    while (@$queue && $queue->[0][0] <= $now) {
      my $packet = shift @$queue;
      syswrite $way->{to}, $packet->[1];
      arrived(@$packet[2 .. 4]) if @$packet > 2;
    }
    $next = $queue->[0][0] if @$queue && (!defined $next || $queue->[0][0] < $next);
  }
  my $bits = '';
  vec($bits, fileno $_, 1) = 1 for \*STDIN, $far, $tun;
  my $wait = defined $next ? $next - clock_gettime(CLOCK_MONOTONIC) : undef;
  select $bits, undef, undef, defined $wait && $wait < 0 ? 0 : $wait;
  if (vec($bits, 0, 1)) {
    sysread STDIN, my $line, 4096 or exit;
    print map({ "$_->{server} $_->{client}\n" } values %chains), ".\n";
    %chains = ();
  }
  for my $way (@ways) {
    take($way) if vec($bits, fileno $way->{from}, 1);
  }
}

# Reads what the device sends, and puts it on the line.
sub take {
  my ($way) = @_;
  for (1 .. 64) {
    sysread $way->{from}, my $packet, 65536 or return;
    my $now = clock_gettime(CLOCK_MONOTONIC);
    my $begin = $way->{free} > $now ? $way->{free} : $now;
    next if $rate && ($begin - $now) * $rate / 8 > $most;
    $way->{free} = $begin + ($rate ? 8 * length($packet) / $rate : 0);
    next if rand(100) < $loss;
    push @{$way->{queue}}, [$way->{free} + $delay_ms / 1000, $packet, sent($packet, $way->{from} == $far)];
  }
}

# Which connection a packet with data belongs to, who gets it, and the length of the chain that it continues.
sub sent {
  my ($packet, $by_client) = @_;
  my ($version, $size, $protocol, $from, $to) = unpack 'C x n x5 C x2 a4 a4', $packet;
  my $head = 4 * ($version & 15);
  return if $version >> 4 != 4 || $protocol != 6;
  my ($from_port, $to_port, $data) = unpack "x$head n n x8 C", $packet;
  return if $size <= $head + 4 * ($data >> 4);
  my ($client, $server) = map { join('.', unpack 'C4', $_->[0]) . ":$_->[1]" }
    $by_client ? ([$from, $from_port], [$to, $to_port]) : ([$to, $to_port], [$from, $from_port]);
  my $chain = $chains{"$client $server"} //= { client => 0, at_server => 0, server => $server };
  return ($chain, $by_client ? 'at_server' : 'client', $by_client ? $chain->{client} : $chain->{at_server} + 1);
}

sub arrived {
  my ($chain, $at, $length) = @_;
  $chain->{$at} = $length if $length > $chain->{$at};
}

# TUNSETIFF with IFF_TUN and IFF_NO_PI (linux/if_tun.h).
sub attach {
  my ($name) = @_;
  sysopen my $file, '/dev/net/tun', O_RDWR | O_NONBLOCK or die "/dev/net/tun: $!";
  my $request = pack 'a16 s x22', $name, 0x0001 | 0x1000;
  ioctl $file, 0x400454ca, $request or die "$name: $!";
  return $file;
}
