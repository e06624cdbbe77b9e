# A launch by fog (Debian's ruby-fog-aws); prints what it saw as JSON. Arguments: the endpoint, an image.
require 'fog/aws'
require 'json'

endpoint, image = ARGV
Fog.interval = 0.2
Fog.timeout = 60
compute = Fog::Compute.new(provider: 'AWS', aws_access_key_id: ENV.fetch('AWS_ACCESS_KEY_ID'),
                           aws_secret_access_key: ENV.fetch('AWS_SECRET_ACCESS_KEY'), endpoint: endpoint,
                           region: 'us-east-1')
seen = { regions: compute.describe_regions.body['regionInfo'].map { |region| region['regionName'] } }
key = compute.key_pairs.create(name: 'fog')
group = compute.security_groups.create(name: 'fog', description: 'of a test')
group.authorize_port_range(22..22)
seen[:ports] = compute.security_groups.get('fog').ip_permissions.map { |rule| [rule['fromPort'], rule['toPort']] }
begin
  compute.run_instances(image, 1, 1, 'InstanceType' => 'no.such', 'KeyName' => 'fog')
rescue Fog::AWS::Compute::Error => error
  seen[:refusal] = error.message[/\A\w+(\.\w+)?/]
end

server = compute.servers.create(image_id: image, flavor_id: 't2.micro', key_name: 'fog', groups: ['fog'],
                                tags: { 'Name' => 'étage fog' }, user_data: 'from fog')
server.wait_for { ready? }
compute.create_tags(server.id, 'Role' => 'web')
found = compute.servers.all('tag:Name' => 'étage fog')
seen[:found] = found.map(&:id) == [server.id]
seen[:tags] = found.first.tags
seen[:address] = !server.reload.public_ip_address.nil?
seen[:volumes] = compute.volumes.all.map(&:server_id) == [server.id]
server.stop
server.wait_for { state == 'stopped' }
server.start
server.wait_for { ready? }
server.destroy
server.wait_for { state == 'terminated' }
seen[:ended] = server.state
group.destroy
key.destroy
puts JSON.generate(seen)
