# A launch by version 1 of AWS's SDK for Ruby (Debian's ruby-aws-sdk); prints what it saw as JSON. Arguments: the
# endpoint, an image.
require 'aws-sdk-v1'
require 'json'
require 'timeout'
require 'uri'

endpoint = URI(ARGV[0])
image = ARGV[1]
AWS.config(access_key_id: ENV.fetch('AWS_ACCESS_KEY_ID'), secret_access_key: ENV.fetch('AWS_SECRET_ACCESS_KEY'),
           region: 'us-east-1', use_ssl: false, ec2_endpoint: endpoint.host, ec2_port: endpoint.port, max_retries: 0)

def wait(instance, state)
  Timeout.timeout(60) { sleep 0.2 until instance.status == state }
end

ec2 = AWS::EC2.new
seen = { regions: ec2.regions.map(&:name) }
key = ec2.key_pairs.create('aws1')
group = ec2.security_groups.create('aws1', description: 'of a test')
group.authorize_ingress(:tcp, 22, '0.0.0.0/0')
seen[:ports] = group.ingress_ip_permissions.map { |rule| [rule.port_range.first, rule.port_range.last] }
begin
  ec2.instances.create(image_id: image, instance_type: 'no.such')
rescue AWS::EC2::Errors::InvalidParameterValue, AWS::EC2::Errors::InvalidInstanceType => error
  seen[:refusal] = error.code
end

instance = ec2.instances.create(image_id: image, instance_type: 't2.micro', key_pair: key, security_groups: [group],
                                user_data: 'from Ruby')
wait(instance, :running)
instance.tags['Name'] = 'étage Ruby'
instance.tags['Role'] = 'web'
seen[:tags] = instance.tags.to_h.to_hash
seen[:found] = ec2.instances.with_tag('Name', 'étage Ruby').map(&:id) == [instance.id]
seen[:address] = !instance.ip_address.nil?
seen[:volumes] = instance.attachments.values.map { |attachment| attachment.instance.id } == [instance.id]
instance.stop
wait(instance, :stopped)
instance.start
wait(instance, :running)
instance.terminate
wait(instance, :terminated)
seen[:ended] = instance.status
group.delete
key.delete
puts JSON.generate(seen)
