# frozen_string_literal: true

require 'psych'

# Reads an inventory like kboot: with values typed as in YAML 1.2, and environment variables substituted.
module Kboot
  class Error < StandardError; end

  # The content of `file`: hashes, lists, strings and whole numbers. Raises Kboot::Error.
  def self.read_inventory(file, env)
    document = Psych.parse(File.read(file, encoding: 'UTF-8'), filename: file)
    found = document && Reader.new(env).value(document.root)
    raise Error, 'is not an inventory' unless found.is_a?(Hash)

    found
  rescue SystemCallError
    raise Error, "the inventory #{file} cannot be read; set KBOOT_INVENTORY to use another one"
  rescue Psych::SyntaxError => e
    raise Error, e.message
  rescue Error => e
    raise Error, "the inventory #{file}: #{e.message}"
  end

  # Turns YAML nodes into values. Does not create objects of any other class, whatever the tags.
  class Reader
    REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/.freeze
    WHOLE = /\A([A-Za-z_]\w*)(?::-(.*))?\z/m.freeze

    def initialize(env)
      @env = env
      @anchors = {}
    end

    def value(node)
      return @anchors.fetch(node.anchor) { raise Error, "no anchor &#{node.anchor}" } if node.is_a?(Psych::Nodes::Alias)

      found = case node
              when Psych::Nodes::Mapping then mapping(node)
              when Psych::Nodes::Sequence then node.children.map { |child| value(child) }
              else scalar(node)
              end
      @anchors[node.anchor] = found if node.anchor
      found
    end

    private

    def mapping(node)
      own = {}
      merged = {}
      node.children.each_slice(2) do |key, child|
        if key.value == '<<'
          [value(child)].flatten.each { |source| merged = source.merge(merged) }
        else
          own[key.value] = value(child)
        end
      end
      merged.merge(own)
    end

    def scalar(node)
      text = substitute(node.value)
      return text unless node.plain && node.tag.nil?
      return nil if ['', '~', 'null'].include?(text)

      text.match?(/\A\d+\z/) ? text.to_i : text
    end

    # ${NAME} must be set, ${NAME:-default} falls back to the default if NAME is unset or empty, $${ is a literal ${.
    def substitute(text)
      text.gsub(REFERENCE) do |match|
        next '${' if match == '$${'

        inner, closing = Regexp.last_match.captures
        name, fallback = WHOLE.match(inner)&.captures
        raise Error, %("#{match}" must be ${NAME} or ${NAME:-default}) if name.nil? || closing.empty?

        found = @env[name]
        next fallback if fallback && found.to_s.empty?

        found || raise(Error, "environment variable #{name} is not set")
      end
    end
  end
end
