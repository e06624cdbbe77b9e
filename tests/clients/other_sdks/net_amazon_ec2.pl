# A launch by Net::Amazon::EC2 (Debian's libnet-amazon-ec2-perl); prints what it saw as JSON. Arguments: the endpoint,
# which has no port, since the module signs none; an image.
use strict;
use warnings;
use utf8;
use JSON::PP;
use Net::Amazon::EC2;

my ($endpoint, $image) = @ARGV;
my $ec2 = Net::Amazon::EC2->new(
  AWSAccessKeyId => $ENV{AWS_ACCESS_KEY_ID}, SecretAccessKey => $ENV{AWS_SECRET_ACCESS_KEY},
  base_url => $endpoint, region => 'us-east-1', signature_version => 4, return_errors => 1);

sub code {
  my ($answer) = @_;
  return ref($answer) eq 'Net::Amazon::EC2::Errors' ? $answer->errors->[0]->code : undef;
}

sub good {
  my ($answer) = @_;
  die $answer->errors->[0]->code . ': ' . $answer->errors->[0]->message if code($answer);
  return $answer;
}

sub instance {
  my ($id) = @_;
  return good($ec2->describe_instances(InstanceId => $id))->[0]->instances_set->[0];
}

sub wait_for {
  my ($id, $state) = @_;
  my $deadline = time + 60;
  while (instance($id)->instance_state->name ne $state) {
    die "still not $state" if time > $deadline;
    select(undef, undef, undef, 0.2);
  }
}

my %seen = (regions => [map { $_->region_name } @{good($ec2->describe_regions)}]);
good($ec2->create_key_pair(KeyName => 'perl'));
good($ec2->create_security_group(GroupName => 'perl', GroupDescription => 'of a test'));
good($ec2->authorize_security_group_ingress(
  GroupName => 'perl', IpProtocol => 'tcp', FromPort => 22, ToPort => 22, CidrIp => '0.0.0.0/0'));
my $group = good($ec2->describe_security_groups(GroupName => 'perl'))->[0];
$seen{ports} = [map { [$_->from_port + 0, $_->to_port + 0] } @{$group->ip_permissions}];
$seen{refusal} = code($ec2->run_instances(
  ImageId => $image, MinCount => 1, MaxCount => 1, InstanceType => 'no.such'));

my $launch = good($ec2->run_instances(
  ImageId => $image, MinCount => 1, MaxCount => 1, KeyName => 'perl', SecurityGroup => 'perl',
  InstanceType => 't2.micro'));
my $id = $launch->instances_set->[0]->instance_id;
wait_for($id, 'running');
good($ec2->create_tags(ResourceId => $id, Tags => {Name => 'etage', Role => 'web'}));
$seen{tags} = {map { $_->key => $_->value } @{good($ec2->describe_tags(
  'Filter.Name' => ['resource-id'], 'Filter.Value' => [$id]))}};
$seen{found} = instance($id)->name eq 'etage' ? JSON::PP::true : JSON::PP::false;
good($ec2->stop_instances(InstanceId => $id));
wait_for($id, 'stopped');
good($ec2->start_instances(InstanceId => [$id]));
wait_for($id, 'running');
good($ec2->terminate_instances(InstanceId => $id));
wait_for($id, 'terminated');
$seen{ended} = instance($id)->instance_state->name;
good($ec2->delete_security_group(GroupName => 'perl'));
good($ec2->delete_key_pair(KeyName => 'perl'));
print JSON::PP->new->ascii->encode(\%seen), "\n";
