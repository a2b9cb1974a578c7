# frozen_string_literal: true

require 'ipaddr'
require 'json'
require_relative 'inventory'

# The machines of a kboot inventory. Does not depend on Vagrant:
#   ruby machines.rb INVENTORY    prints them as JSON
module Kboot
  # Boxes of distributions that kboot supports: cloud-image/KEY for libvirt, otherwise bento/VALUE.
  BOXES = {
    'debian-12' => 'debian-12',
    'debian-13' => 'debian-13',
    'ubuntu-22.04' => 'ubuntu-22.04',
    'ubuntu-24.04' => 'ubuntu-24.04',
    'rocky-9' => 'rockylinux-9'
  }.freeze

  # Memory in MiB, and CPUs. A host with several roles gets the largest value of each.
  SIZES = {
    'control-plane' => [2048, 2],
    'worker' => [2048, 2],
    'etcd' => [1024, 1],
    'load-balancer' => [1024, 1]
  }.freeze

  # `address` is the IPv4 address in the private network, `ipv6` the IPv6 address of a dual-stack host, or nil.
  Machine = Struct.new(:name, :box, :libvirt_box, :image, :memory, :cpus, :address, :ipv6, keyword_init: true)

  # All hosts except this machine, in inventory order. Raises Kboot::Error.
  def self.machines(file, env = ENV.to_h)
    spec = read_inventory(file, env).dig('spec')
    hosts = spec.is_a?(Hash) ? spec['hosts'] : nil
    raise Error, "the inventory #{file} has no spec.hosts; run `kboot validate` for details" unless hosts.is_a?(Array)

    hosts.reject { |host| host['connection'] == 'local' }.map do |host|
      machine(host, settings(spec['vagrant'], 'spec.vagrant'))
    rescue Error => e
      raise Error, "the inventory #{file}: #{host['name']}: #{e.message}"
    end
  end

  def self.machine(host, shared)
    given = shared.merge(settings(host['vagrant'], 'vagrant'))
    sizes = SIZES.values_at(*host['roles']).compact
    raise Error, 'has no known role' if sizes.empty?

    box = given.fetch('box', BOXES.keys.first)
    address, ipv6 = addresses(host)
    Machine.new(
      name: host['name'], box: box_name(box, "bento/#{BOXES[box]}"), libvirt_box: box_name(box, "cloud-image/#{box}"), image: given['image'],
      memory: given['memory'] || sizes.map(&:first).max, cpus: given['cpus'] || sizes.map(&:last).max,
      address: address, ipv6: ipv6
    )
  end
  private_class_method :machine

  def self.settings(stated, where)
    known = %w[box image memory cpus]
    unknown = (stated || {}).keys - known
    return stated || {} if unknown.empty?

    raise Error, "#{where} does not support the key #{unknown.first}, only #{known.join(', ')}"
  end
  private_class_method :settings

  def self.box_name(box, public_name)
    return public_name if BOXES.include?(box)
    return box if box.include?('/')

    raise Error, "box #{box} is not one of #{BOXES.keys.join(', ')}, which kboot supports; give any other box by its full name (OWNER/BOX)"
  end
  private_class_method :box_name

  # The IPv4 address, and the IPv6 address if there is one.
  def self.addresses(host)
    stated = (host['address'] || host.dig('ssh', 'address')).to_s.split(',').map { |text| IPAddr.new(text.strip) }
    four, six = stated.partition(&:ipv4?)
    raise Error, 'has no IPv4 address, which a Vagrant machine needs' if four.empty?
    raise Error, "#{four.first} is in VirtualBox's NAT network, 10.0.2.0/24" if IPAddr.new('10.0.2.0/24').include?(four.first)

    [four.first.to_s, six.first&.to_s]
  rescue IPAddr::Error => e
    raise Error, "address #{host['address']}: #{e.message}"
  end
  private_class_method :addresses
end

if $PROGRAM_NAME == __FILE__
  begin
    puts JSON.pretty_generate(Kboot.machines(ARGV.fetch(0)).map(&:to_h))
  rescue Kboot::Error => e
    abort e.message
  end
end
