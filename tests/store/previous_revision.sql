-- A database of the schema's version 10, which kept messages of the API in launch_template_versions.data,
-- launch_configurations.data and scaling_groups.mixed_policy, as brumed --simulate of that version left it: templates
-- with several versions, launch configurations, groups, instances, IAM, an alarm, tags. Events and keys are left out.
PRAGMA application_id = 1114795365;
PRAGMA user_version = 10;
BEGIN TRANSACTION;
CREATE TABLE access_keys (
  id                TEXT NOT NULL PRIMARY KEY,
  user_id           TEXT NOT NULL,              -- '' = the account's root
  secret            BLOB NOT NULL,
  active            INTEGER NOT NULL CHECK (active IN (0, 1)),
  created           INTEGER NOT NULL,
  last_used         INTEGER,
  last_used_service TEXT NOT NULL DEFAULT '',
  last_used_region  TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE TABLE alarm_actions (
  alarm    TEXT NOT NULL REFERENCES alarms (name) ON DELETE CASCADE,
  state    INTEGER NOT NULL,
  position INTEGER NOT NULL,
  action   TEXT NOT NULL,
  PRIMARY KEY (alarm, state, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE alarm_dimensions (
  alarm TEXT NOT NULL REFERENCES alarms (name) ON DELETE CASCADE,
  name  TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (alarm, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE alarm_due_actions (
  seq         INTEGER PRIMARY KEY AUTOINCREMENT,
  alarm       TEXT NOT NULL,
  kind        INTEGER NOT NULL,
  action      TEXT NOT NULL,
  state       INTEGER NOT NULL,
  time        INTEGER NOT NULL,
  instance_id TEXT NOT NULL,
  message_id  TEXT NOT NULL,
  message     TEXT NOT NULL,
  step        INTEGER NOT NULL
) STRICT;
CREATE TABLE alarm_history (
  seq     INTEGER PRIMARY KEY,
  alarm   TEXT NOT NULL,
  kind    INTEGER NOT NULL,
  time    INTEGER NOT NULL,
  type    INTEGER NOT NULL,
  summary TEXT NOT NULL,
  data    TEXT NOT NULL
) STRICT;
INSERT INTO "alarm_history" VALUES(1,'hot',0,1795913337136102,0,'Alarm "hot" created','{"version":"1.0","type":"Create","createdAlarm":{"alarmName":"hot","alarmArn":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:hot","alarmDescription":"","actionsEnabled":true,"okActions":[],"alarmActions":[],"insufficientDataActions":[],"metricName":"CPUUtilization","namespace":"AWS/EC2","dimensions":[],"statistic":"Average","period":60,"evaluationPeriods":2,"datapointsToAlarm":2,"threshold":80.0,"comparisonOperator":"GreaterThanThreshold","treatMissingData":"missing"}}');
CREATE TABLE alarm_queries (
  alarm            TEXT NOT NULL REFERENCES alarms (name) ON DELETE CASCADE,
  position         INTEGER NOT NULL,
  id               TEXT NOT NULL,
  is_metric        INTEGER NOT NULL,
  metric_namespace TEXT NOT NULL,
  metric_name      TEXT NOT NULL,
  statistic        TEXT NOT NULL,
  unit             TEXT NOT NULL,
  expression       TEXT NOT NULL,
  label            TEXT NOT NULL,
  return_data      INTEGER NOT NULL,
  PRIMARY KEY (alarm, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE alarm_query_dimensions (
  alarm    TEXT NOT NULL,
  position INTEGER NOT NULL,
  name     TEXT NOT NULL,
  value    TEXT NOT NULL,
  PRIMARY KEY (alarm, position, name),
  FOREIGN KEY (alarm, position) REFERENCES alarm_queries (alarm, position) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE alarm_tags (
  alarm TEXT NOT NULL REFERENCES alarms (name) ON DELETE CASCADE,
  key   TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (alarm, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE alarms (
  name                TEXT PRIMARY KEY,
  kind                INTEGER NOT NULL CHECK (kind IN (0, 1)),  -- 0 metric, 1 composite
  description         TEXT NOT NULL,
  actions_enabled     INTEGER NOT NULL,
  configured          INTEGER NOT NULL,
  metric_namespace    TEXT NOT NULL,
  metric_name         TEXT NOT NULL,
  statistic           TEXT NOT NULL,
  unit                TEXT NOT NULL,
  period              INTEGER NOT NULL,
  comparison          INTEGER NOT NULL,
  threshold           REAL NOT NULL,
  evaluation_periods  INTEGER NOT NULL,
  datapoints_to_alarm INTEGER NOT NULL,
  says_datapoints     INTEGER NOT NULL,
  treat_missing       INTEGER NOT NULL,
  says_missing        INTEGER NOT NULL,
  rule                TEXT NOT NULL,
  suppressor          TEXT NOT NULL,
  wait_period         INTEGER NOT NULL,
  extension_period    INTEGER NOT NULL,
  state               INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),
  reason              TEXT NOT NULL,
  reason_data         TEXT NOT NULL,
  updated             INTEGER NOT NULL,
  transitioned        INTEGER NOT NULL,
  acted_on            INTEGER NOT NULL CHECK (acted_on BETWEEN 0 AND 2),
  suppressed_by       INTEGER NOT NULL,
  suppressed_until    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "alarms" VALUES('hot',0,'',1,1795913337136103,'AWS/EC2','CPUUtilization','Average','',60,1,80.0,2,2,0,0,0,'','',0,0,2,'Unchecked: Initial alarm creation','',1795913337136104,1795913337136104,2,0,-9223372036854775808);
CREATE TABLE capacity_in_use (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  memory_mib INTEGER NOT NULL,
  vcpus      INTEGER NOT NULL,
  count      INTEGER NOT NULL
) STRICT;
INSERT INTO "capacity_in_use" VALUES(1,1024,5,5);
CREATE TABLE client_tokens (
  action            TEXT NOT NULL,
  token             TEXT NOT NULL,
  parameters_digest TEXT NOT NULL,
  reservation_id    TEXT NOT NULL,
  created           INTEGER NOT NULL,
  PRIMARY KEY (action, token)
) STRICT, WITHOUT ROWID;
INSERT INTO "client_tokens" VALUES('RunInstances','58367923-15d2-4a14-89d6-000000000001','a member of an Auto Scaling group: 58367923-15d2-4a14-89d6-000000000001','r-4d98c38fa6c6a4fff',1795913334954440);
INSERT INTO "client_tokens" VALUES('RunInstances','9f17f4b1-c1c4-47d3-898a-000000000001','a member of an Auto Scaling group: 9f17f4b1-c1c4-47d3-898a-000000000001','r-bf260e62a31ba8670',1795913334303250);
INSERT INTO "client_tokens" VALUES('RunInstances','9f17f4b1-c1c4-47d3-898a-000000000002','a member of an Auto Scaling group: 9f17f4b1-c1c4-47d3-898a-000000000002','r-b731218a8eac361df',1795913334319350);
INSERT INTO "client_tokens" VALUES('RunInstances','from-template','f6b9ec3cc00c8491bf66c5a462d42fca6db4d20e0785bf7cf78656767620dc48','r-b775f9ab5f12bc4b5',1795913338601062);
INSERT INTO "client_tokens" VALUES('RunInstances','ran','27a522e38a4dc84e06c9396ad70ba62def5134ea393967ba112bf9d1fda0f017','r-88db5e70b535a7fd4',1795913337996592);
CREATE TABLE event_floor (
  read_only INTEGER NOT NULL PRIMARY KEY CHECK (read_only IN (0, 1)),
  seq       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "event_floor" VALUES(0,0);
INSERT INTO "event_floor" VALUES(1,0);
CREATE TABLE event_resources (
  resource_id TEXT NOT NULL,
  event       INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
  PRIMARY KEY (resource_id, event)
) STRICT, WITHOUT ROWID;
CREATE TABLE events (
  seq           INTEGER PRIMARY KEY AUTOINCREMENT,
  time          INTEGER NOT NULL,
  request_id    TEXT NOT NULL,
  principal     TEXT NOT NULL,
  access_key_id TEXT NOT NULL,
  source        TEXT NOT NULL,
  user_agent    TEXT NOT NULL,
  action        TEXT NOT NULL,
  read_only     INTEGER NOT NULL,
  parameters    TEXT NOT NULL,
  outcome       TEXT NOT NULL,
  message       TEXT NOT NULL,
  duration_us   INTEGER NOT NULL
) STRICT;
CREATE TABLE group_members (
  group_id TEXT NOT NULL REFERENCES identities (id),
  user_id  TEXT NOT NULL REFERENCES identities (id),
  PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE identities (
  seq                 INTEGER PRIMARY KEY,
  id                  TEXT NOT NULL UNIQUE,
  kind                INTEGER NOT NULL CHECK (kind IN (0, 1, 2)),  -- user, group, role
  name                TEXT NOT NULL COLLATE NOCASE,
  path                TEXT NOT NULL,
  created             INTEGER NOT NULL,
  trust_policy        TEXT NOT NULL,  -- these three are of roles
  description         TEXT NOT NULL,
  max_session_seconds INTEGER NOT NULL,
  UNIQUE (kind, name)
) STRICT;
INSERT INTO "identities" VALUES(1,'AROAM2QCW4WUS4JFRBEIS',2,'worker','/',1795913324180194,'{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}','',3600);
INSERT INTO "identities" VALUES(2,'AIDAT3ZLJM4D5PGL5XV7I',0,'ada','/',1795913326403463,'','',3600);
CREATE TABLE images (
  seq                        INTEGER PRIMARY KEY,
  id                         TEXT NOT NULL UNIQUE,
  version                    INTEGER NOT NULL,
  name                       TEXT NOT NULL,
  description                TEXT NOT NULL,
  location                   TEXT NOT NULL,
  architecture               TEXT NOT NULL,
  state                      INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),  -- pending available failed deregistered
  state_reason_code          TEXT NOT NULL,
  state_reason_message       TEXT NOT NULL,
  created                    INTEGER NOT NULL,
  root_device_name           TEXT NOT NULL,
  boot_mode                  INTEGER NOT NULL,  -- 0 legacy-bios, 1 uefi
  disk_file                  TEXT NOT NULL,
  kernel_file                TEXT NOT NULL,
  initrd_file                TEXT NOT NULL,
  command_line               TEXT NOT NULL,
  virtual_size_bytes         INTEGER NOT NULL,
  root_delete_on_termination INTEGER NOT NULL
) STRICT;
INSERT INTO "images" VALUES(1,'ami-45df9e161507305b1',1,'any','','/var/lib/brume/import/any','x86_64',1,'','',1795913319372618,'/dev/vda',0,'disk.qcow2','','','',8589934592,1);
CREATE TABLE inline_policies (
  identity_id TEXT NOT NULL REFERENCES identities (id),
  name        TEXT NOT NULL,
  document    TEXT NOT NULL,
  PRIMARY KEY (identity_id, name)
) STRICT, WITHOUT ROWID;
INSERT INTO "inline_policies" VALUES('AIDAT3ZLJM4D5PGL5XV7I','look','{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}]}');
CREATE TABLE installation (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "installation" VALUES('metadata.token_key','aa3ba1f3749a4a49c511827e7afcef73590ceeba69e2a37419119e0942efbb04');
CREATE TABLE instance_profiles (
  seq     INTEGER PRIMARY KEY,
  id      TEXT NOT NULL UNIQUE,
  name    TEXT NOT NULL UNIQUE COLLATE NOCASE,
  path    TEXT NOT NULL,
  role_id TEXT NULL REFERENCES identities (id),
  created INTEGER NOT NULL
) STRICT;
INSERT INTO "instance_profiles" VALUES(1,'AIPA3COQNRTWRKSQTKP77','worker','/','AROAM2QCW4WUS4JFRBEIS',1795913324868084);
CREATE TABLE instance_user_data (
  instance_id TEXT NOT NULL PRIMARY KEY REFERENCES instances (id) ON DELETE CASCADE,
  data        BLOB NOT NULL
) STRICT;
INSERT INTO "instance_user_data" VALUES('i-a3e16efe9bce7c9b5',X'614756736247383D');
INSERT INTO "instance_user_data" VALUES('i-00c35d07405ecf099',X'23212F62696E2F73680A6563686F20226272C3BB6D65220A');
CREATE TABLE instances (
  seq                     INTEGER PRIMARY KEY,
  id                      TEXT NOT NULL UNIQUE,
  version                 INTEGER NOT NULL,
  reservation_id          TEXT NOT NULL,
  launch_index            INTEGER NOT NULL,
  image_id                TEXT,
  instance_type           TEXT NOT NULL,
  state                   INTEGER NOT NULL CHECK (state IN (0, 16, 32, 48, 64, 80)),  -- EC2's codes
  state_reason_code       TEXT NOT NULL,
  state_reason_message    TEXT NOT NULL,
  transition_reason       TEXT NOT NULL,
  state_since             INTEGER NOT NULL,
  launch_time             INTEGER NOT NULL,
  uuid                    TEXT NOT NULL,
  key_name                TEXT NOT NULL,
  public_key              TEXT NOT NULL,
  client_token            TEXT NOT NULL,
  shutdown_behavior       INTEGER NOT NULL,  -- 0 stop, 1 terminate
  disable_api_termination INTEGER NOT NULL,
  disable_api_stop        INTEGER NOT NULL,
  monitoring              INTEGER NOT NULL,
  source_dest_check       INTEGER NOT NULL,
  tokens_required         INTEGER NOT NULL,
  endpoint_enabled        INTEGER NOT NULL,
  tags_enabled            INTEGER NOT NULL,
  hop_limit               INTEGER NOT NULL,
  availability_zone       TEXT NOT NULL,
  vpc_id                  TEXT,
  subnet_id               TEXT,
  root_device_name        TEXT NOT NULL,
  force_stop              INTEGER NOT NULL,
  reboot_requested        INTEGER,
  host_boot_id            TEXT NOT NULL,
  last_error              TEXT NOT NULL,
  memory_mib              INTEGER NOT NULL,
  vcpus                   INTEGER NOT NULL
) STRICT;
INSERT INTO "instances" VALUES(1,'i-1d1c367c6231b3d35',1,'r-bf260e62a31ba8670',0,'ami-45df9e161507305b1','b1.tiny',16,'','','',1795913334321007,1795913334302703,'ec28384c-4a31-493b-82d6-e6ca4e30a4ec','','','9f17f4b1-c1c4-47d3-898a-000000000001',0,0,0,0,1,1,1,0,1,'us-east-1c','vpc-178579b175dfccb19','subnet-1ce7748656af57bb2','/dev/vda',0,NULL,'c7f93165d5dce11a1efc8c88edbd1bab','',128,1);
INSERT INTO "instances" VALUES(2,'i-67452732a16596c5f',1,'r-b731218a8eac361df',0,'ami-45df9e161507305b1','b1.tiny',16,'','','',1795913334332861,1795913334319166,'ec28f1a9-cbf7-4278-87a4-34e92e8516ba','','','9f17f4b1-c1c4-47d3-898a-000000000002',0,0,0,0,1,1,1,0,1,'us-east-1c','vpc-178579b175dfccb19','subnet-1ce7748656af57bb2','/dev/vda',0,NULL,'c7f93165d5dce11a1efc8c88edbd1bab','',128,1);
INSERT INTO "instances" VALUES(3,'i-a3e16efe9bce7c9b5',1,'r-4d98c38fa6c6a4fff',0,'ami-45df9e161507305b1','b1.tiny',16,'','','',1795913334972249,1795913334954052,'ec2afde1-10f0-45b6-8fe9-38b6e9569be8','ops','ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCSRn8TFecM3ncGO04JnIsEghGnSeteq9wE8yeQrUeiF5kIsiSAAQNyJDFw6w0KoDgk0vzpdg+yUiaTsUD9Ng+R2l+SM1SIloGW4LoQR9UPNFZGR5qNkq5LTDNzSsA4C/AqSo/M5B3RQdqi0SZxZNy6/Dtopt5YgH4352lIVf9f3yfMZZSNpOgvg+FsTqT9kj3DkSPgsm8FpokJibSrjXjy2bEOuJEF8EV8ELlVbvbJCSsoF1EPmjvqTXzwCz7wdTCdwQZgf0ymWp7D8tDHCS1MFZo8TphvmTVjMBFSYNiJlKa94Dvo+2ZfhTHr2ZWZsQKU+bgxLI4PBppUErYwTjUz ops','58367923-15d2-4a14-89d6-000000000001',0,0,0,0,1,1,1,0,3,'us-east-1c','vpc-178579b175dfccb19','subnet-1ce7748656af57bb2','/dev/vda',0,NULL,'c7f93165d5dce11a1efc8c88edbd1bab','',128,1);
INSERT INTO "instances" VALUES(4,'i-fbfa85ccbfc837f9c',1,'r-88db5e70b535a7fd4',0,'ami-45df9e161507305b1','b1.tiny',16,'','','',1795913338003855,1795913337996388,'ec2d81fc-e0a1-4172-8915-5314638228f0','ops','ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCSRn8TFecM3ncGO04JnIsEghGnSeteq9wE8yeQrUeiF5kIsiSAAQNyJDFw6w0KoDgk0vzpdg+yUiaTsUD9Ng+R2l+SM1SIloGW4LoQR9UPNFZGR5qNkq5LTDNzSsA4C/AqSo/M5B3RQdqi0SZxZNy6/Dtopt5YgH4352lIVf9f3yfMZZSNpOgvg+FsTqT9kj3DkSPgsm8FpokJibSrjXjy2bEOuJEF8EV8ELlVbvbJCSsoF1EPmjvqTXzwCz7wdTCdwQZgf0ymWp7D8tDHCS1MFZo8TphvmTVjMBFSYNiJlKa94Dvo+2ZfhTHr2ZWZsQKU+bgxLI4PBppUErYwTjUz ops','ran',0,0,0,0,1,1,1,0,1,'us-east-1a','vpc-178579b175dfccb19','subnet-602c9c811838e67c1','/dev/vda',0,NULL,'c7f93165d5dce11a1efc8c88edbd1bab','',128,1);
INSERT INTO "instances" VALUES(5,'i-00c35d07405ecf099',1,'r-b775f9ab5f12bc4b5',0,'ami-45df9e161507305b1','b1.small',16,'','','',1795913338603968,1795913338600785,'ec22b1ef-36d9-45f5-8c61-e6180410bf61','ops','ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCSRn8TFecM3ncGO04JnIsEghGnSeteq9wE8yeQrUeiF5kIsiSAAQNyJDFw6w0KoDgk0vzpdg+yUiaTsUD9Ng+R2l+SM1SIloGW4LoQR9UPNFZGR5qNkq5LTDNzSsA4C/AqSo/M5B3RQdqi0SZxZNy6/Dtopt5YgH4352lIVf9f3yfMZZSNpOgvg+FsTqT9kj3DkSPgsm8FpokJibSrjXjy2bEOuJEF8EV8ELlVbvbJCSsoF1EPmjvqTXzwCz7wdTCdwQZgf0ymWp7D8tDHCS1MFZo8TphvmTVjMBFSYNiJlKa94Dvo+2ZfhTHr2ZWZsQKU+bgxLI4PBppUErYwTjUz ops','from-template',1,0,1,1,1,0,1,1,2,'us-east-1c','vpc-178579b175dfccb19','subnet-1ce7748656af57bb2','/dev/vda',0,NULL,'c7f93165d5dce11a1efc8c88edbd1bab','',512,1);
CREATE TABLE interface_groups (
  eni_id   TEXT NOT NULL REFERENCES network_interfaces (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  group_id TEXT NOT NULL REFERENCES security_groups (id),
  PRIMARY KEY (eni_id, position)
) STRICT, WITHOUT ROWID;
INSERT INTO "interface_groups" VALUES('eni-1523e39f342555a02',0,'sg-2cfae179de9c55674');
INSERT INTO "interface_groups" VALUES('eni-57e7cbabbb6790df4',0,'sg-2cfae179de9c55674');
INSERT INTO "interface_groups" VALUES('eni-5ebb789154516b7b4',0,'sg-2cfae179de9c55674');
INSERT INTO "interface_groups" VALUES('eni-bf5645102e96af779',0,'sg-2cfae179de9c55674');
INSERT INTO "interface_groups" VALUES('eni-e88cab1285013415b',0,'sg-2cfae179de9c55674');
CREATE TABLE key_pairs (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  name        TEXT NOT NULL UNIQUE,
  type        TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  public_key  TEXT NOT NULL,
  created     INTEGER NOT NULL
) STRICT;
INSERT INTO "key_pairs" VALUES(1,'key-26e8bfc1d69e63458','ops','rsa','3c:38:a9:89:63:9c:52:55:50:0e:8f:92:37:9c:3a:84:77:96:74:f0','ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCSRn8TFecM3ncGO04JnIsEghGnSeteq9wE8yeQrUeiF5kIsiSAAQNyJDFw6w0KoDgk0vzpdg+yUiaTsUD9Ng+R2l+SM1SIloGW4LoQR9UPNFZGR5qNkq5LTDNzSsA4C/AqSo/M5B3RQdqi0SZxZNy6/Dtopt5YgH4352lIVf9f3yfMZZSNpOgvg+FsTqT9kj3DkSPgsm8FpokJibSrjXjy2bEOuJEF8EV8ELlVbvbJCSsoF1EPmjvqTXzwCz7wdTCdwQZgf0ymWp7D8tDHCS1MFZo8TphvmTVjMBFSYNiJlKa94Dvo+2ZfhTHr2ZWZsQKU+bgxLI4PBppUErYwTjUz ops',1795913322758630);
CREATE TABLE launch_configurations (
  seq     INTEGER PRIMARY KEY,
  id      TEXT NOT NULL UNIQUE,
  name    TEXT NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  data    BLOB NOT NULL
) STRICT;
INSERT INTO "launch_configurations" VALUES(1,'38a901d1-103c-47dd-8d80-cb9669600187','old',1795913332748314,X'0A100A082F6465762F7664611204080118091215616D692D34356466396531363135303733303562311A0762312E74696E7922036F70733A0208004A1473672D3263666165313739646539633535363734620C5955645763324A484F44303D800100B201150A08726571756972656410031A07656E61626C6564C201081206776F726B6572');
INSERT INTO "launch_configurations" VALUES(2,'5a70c3ac-ec99-414c-809c-4771d7157443','public',1795913333684780,X'1215616D692D34356466396531363135303733303562311A0762312E74696E793A02080142091A0764656661756C7492011A080120002A1473672D3263666165313739646539633535363734');
CREATE TABLE launch_template_versions (
  template_id       TEXT NOT NULL REFERENCES launch_templates (id) ON DELETE CASCADE,
  number            INTEGER NOT NULL,
  description       TEXT NOT NULL,
  created           INTEGER NOT NULL,
  created_by        TEXT NOT NULL,
  data              BLOB NOT NULL,
  client_token      TEXT NOT NULL,
  parameters_digest TEXT NOT NULL,
  PRIMARY KEY (template_id, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "launch_template_versions" VALUES('lt-5cc7c3020cb3b55d3',1,'everything',1795913327665602,'arn:aws:iam::000000000000:root',X'0A1C0A082F6465762F7664611210080010B817180C2203677033287D30001215616D692D34356466396531363135303733303562311A0862312E736D616C6C22036F70733A02080142150A0A75732D656173742D31631A0764656661756C744A1473672D3263666165313739646539633535363734622049794576596D6C754C334E6F436D566A61473867496D4A79773774745A53494B70008001018A01097465726D696E617465A2012F0A08696E7374616E636512180A044E616D6512106272C3BB6D65202271756F746564220A12090A0573746167651200A201160A06766F6C756D65120C0A044E616D6512046469736BAA010A0A087374616E64617264B2011E0A086F7074696F6E616C10021A07656E61626C65642207656E61626C6564B80101C201081206776F726B6572','one','c1a3a3fe8a6ce9ab027e806d072e0311daf0785c2c52c8cf0991f6e8fc9aa173');
INSERT INTO "launch_template_versions" VALUES('lt-5cc7c3020cb3b55d3',2,'smaller',1795913328452811,'arn:aws:iam::000000000000:root',X'0A0A0A082F6465762F7664611215616D692D34356466396531363135303733303562311A0762312E74696E7922036F70733A02080142150A0A75732D656173742D31631A0764656661756C744A1473672D3263666165313739646539633535363734622049794576596D6C754C334E6F436D566A61473867496D4A79773774745A53494B70008001018A01097465726D696E617465A2012F0A08696E7374616E636512180A044E616D6512106272C3BB6D65202271756F746564220A12090A0573746167651200A201160A06766F6C756D65120C0A044E616D6512046469736BAA010A0A087374616E64617264B2010A0A087265717569726564B80101C201081206776F726B6572','','841869224f49a5c80285e152c3c519fda26c8f828fa9b3be491f05dc1ee28811');
INSERT INTO "launch_template_versions" VALUES('lt-5cc7c3020cb3b55d3',3,'',1795913329196802,'arn:aws:iam::000000000000:root',X'1215616D692D34356466396531363135303733303562311A0762312E74696E7992013D080110011A0566726F6E7420002A1473672D32636661653137396465396335353637343A187375626E65742D3163653737343836353661663537626232','','f580dbaee08ea1700a80dc58f6799f65e08585f70f42f6109771309938102efd');
INSERT INTO "launch_template_versions" VALUES('lt-dca112b702ef6a657',1,'',1795913332055945,'arn:aws:iam::000000000000:root',X'1A0762312E74696E79520764656661756C74','','4fee1e07249e269497d9d7a104274cfcc29868c34fd63d9d2783880d74d94bc6');
CREATE TABLE launch_templates (
  seq             INTEGER PRIMARY KEY,
  id              TEXT NOT NULL UNIQUE,
  name            TEXT NOT NULL UNIQUE,
  created         INTEGER NOT NULL,
  created_by      TEXT NOT NULL,
  default_version INTEGER NOT NULL,
  next_version    INTEGER NOT NULL
) STRICT;
INSERT INTO "launch_templates" VALUES(1,'lt-5cc7c3020cb3b55d3','web',1795913327665602,'arn:aws:iam::000000000000:root',3,5);
INSERT INTO "launch_templates" VALUES(2,'lt-dca112b702ef6a657','bare',1795913332055945,'arn:aws:iam::000000000000:root',1,2);
CREATE TABLE managed_policies (
  seq             INTEGER PRIMARY KEY,
  id              TEXT NOT NULL UNIQUE,
  name            TEXT NOT NULL UNIQUE COLLATE NOCASE,
  path            TEXT NOT NULL,
  description     TEXT NOT NULL,
  default_version INTEGER NOT NULL,
  latest_version  INTEGER NOT NULL,
  created         INTEGER NOT NULL,
  updated         INTEGER NOT NULL
) STRICT;
CREATE TABLE metric_hour_minutes (
  hour    INTEGER NOT NULL,
  metric  INTEGER NOT NULL,
  minutes BLOB NOT NULL,
  PRIMARY KEY (hour, metric)
) STRICT, WITHOUT ROWID;
CREATE TABLE metric_hours (
  hour    INTEGER NOT NULL,
  metric  INTEGER NOT NULL,
  total   BLOB NOT NULL,
  PRIMARY KEY (hour, metric)
) STRICT, WITHOUT ROWID;
CREATE TABLE metric_minutes (
  minute  INTEGER NOT NULL,
  metric  INTEGER NOT NULL,
  total   BLOB NOT NULL,
  seconds BLOB NOT NULL,
  PRIMARY KEY (minute, metric)
) STRICT, WITHOUT ROWID;
CREATE TABLE metrics (
  number     INTEGER PRIMARY KEY AUTOINCREMENT,
  namespace  TEXT NOT NULL,
  name       TEXT NOT NULL,
  dimensions TEXT NOT NULL,
  unit       TEXT NOT NULL,
  seen       INTEGER NOT NULL,
  UNIQUE (namespace, name, dimensions, unit)
) STRICT;
CREATE TABLE network_interfaces (
  seq                   INTEGER PRIMARY KEY,
  id                    TEXT NOT NULL UNIQUE,
  vpc_id                TEXT NOT NULL REFERENCES vpcs (id),
  subnet_id             TEXT NOT NULL REFERENCES subnets (id),
  instance_id           TEXT REFERENCES instances (id),
  device_index          INTEGER NOT NULL,
  attachment_id         TEXT NOT NULL,
  attach_time           INTEGER NOT NULL,
  delete_on_termination INTEGER NOT NULL,
  source_dest_check     INTEGER NOT NULL,
  description           TEXT NOT NULL,
  mac                   TEXT NOT NULL,
  private_ip            INTEGER NOT NULL,
  public_ip             INTEGER,
  auto_public_ip        INTEGER NOT NULL,
  UNIQUE (vpc_id, private_ip)
) STRICT;
INSERT INTO "network_interfaces" VALUES(1,'eni-57e7cbabbb6790df4','vpc-178579b175dfccb19','subnet-1ce7748656af57bb2','i-1d1c367c6231b3d35',0,'eni-attach-7cd816bd480ca7b4f',1795913334302703,1,1,'front','02:b0:ac:1f:23:68',2887721832,3323113337,1);
INSERT INTO "network_interfaces" VALUES(2,'eni-5ebb789154516b7b4','vpc-178579b175dfccb19','subnet-1ce7748656af57bb2','i-67452732a16596c5f',0,'eni-attach-c1f1bc93e0909c3b2',1795913334319166,1,1,'front','02:b0:ac:1f:2b:dc',2887723996,3323122643,1);
INSERT INTO "network_interfaces" VALUES(3,'eni-bf5645102e96af779','vpc-178579b175dfccb19','subnet-1ce7748656af57bb2','i-a3e16efe9bce7c9b5',0,'eni-attach-c06bd1c97b2be30e8',1795913334954052,1,1,'','02:b0:ac:1f:27:42',2887722818,3323126958,1);
INSERT INTO "network_interfaces" VALUES(4,'eni-1523e39f342555a02','vpc-178579b175dfccb19','subnet-602c9c811838e67c1','i-fbfa85ccbfc837f9c',0,'eni-attach-9191d54f0aac3f354',1795913337996388,1,1,'','02:b0:ac:1f:07:25',2887714597,3323133617,1);
INSERT INTO "network_interfaces" VALUES(5,'eni-e88cab1285013415b','vpc-178579b175dfccb19','subnet-1ce7748656af57bb2','i-00c35d07405ecf099',0,'eni-attach-58747b31683bb2e7f',1795913338600785,1,1,'','02:b0:ac:1f:29:4a',2887723338,3323103319,1);
CREATE TABLE policy_attachments (
  identity_id TEXT NOT NULL REFERENCES identities (id),
  policy_arn  TEXT NOT NULL,
  PRIMARY KEY (identity_id, policy_arn)
) STRICT, WITHOUT ROWID;
CREATE TABLE policy_versions (
  policy_id TEXT NOT NULL REFERENCES managed_policies (id) ON DELETE CASCADE,
  number    INTEGER NOT NULL,
  document  TEXT NOT NULL,
  created   INTEGER NOT NULL,
  PRIMARY KEY (policy_id, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE profile_associations (
  id          TEXT NOT NULL PRIMARY KEY,
  instance_id TEXT NOT NULL UNIQUE REFERENCES instances (id) ON DELETE CASCADE,
  profile_id  TEXT NOT NULL,
  profile_arn TEXT NOT NULL,
  associated  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "profile_associations" VALUES('iip-assoc-88f0680b6d5ed2ad0','i-00c35d07405ecf099','AIPA3COQNRTWRKSQTKP77','arn:aws:iam::000000000000:instance-profile/worker',1795913338600785);
INSERT INTO "profile_associations" VALUES('iip-assoc-baf3785a16359e2f8','i-a3e16efe9bce7c9b5','AIPA3COQNRTWRKSQTKP77','arn:aws:iam::000000000000:instance-profile/worker',1795913334954052);
CREATE TABLE scaling_activities (
  seq         INTEGER PRIMARY KEY,
  token       TEXT NOT NULL UNIQUE,
  group_seq   INTEGER NOT NULL,
  group_name  TEXT NOT NULL,
  member      TEXT NOT NULL,
  kind        INTEGER NOT NULL,
  instance_id TEXT NULL,
  zone        TEXT NOT NULL,
  description TEXT NOT NULL,
  cause       TEXT NOT NULL,
  status      INTEGER NOT NULL,
  message     TEXT NOT NULL,
  started     INTEGER NOT NULL,
  ended       INTEGER NULL
) STRICT;
INSERT INTO "scaling_activities" VALUES(1,'9f17f4b1-c1c4-47d3-898a-000000000001',1,'mixed','9f17f4b1-c1c4-47d3-898a-000000000001',0,'i-1d1c367c6231b3d35','us-east-1c','Launching a new EC2 instance: i-1d1c367c6231b3d35','At 2026-11-29T00:48:54Z a user request created an AutoScalingGroup, update of AutoScalingGroup constraints to min: 1, max: 3, desired: 2 changing the desired capacity from 0 to 2.  At 2026-11-29T00:48:54Z an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 0 to 1.',5,'',1795913334300025,1795913334331730);
INSERT INTO "scaling_activities" VALUES(2,'9f17f4b1-c1c4-47d3-898a-000000000002',1,'mixed','9f17f4b1-c1c4-47d3-898a-000000000002',0,'i-67452732a16596c5f','us-east-1c','Launching a new EC2 instance: i-67452732a16596c5f','At 2026-11-29T00:48:54Z a user request created an AutoScalingGroup, update of AutoScalingGroup constraints to min: 1, max: 3, desired: 2 changing the desired capacity from 0 to 2.  At 2026-11-29T00:48:54Z an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 1 to 2.',5,'',1795913334300025,1795913334347334);
INSERT INTO "scaling_activities" VALUES(3,'58367923-15d2-4a14-89d6-000000000001',2,'old','58367923-15d2-4a14-89d6-000000000001',0,'i-a3e16efe9bce7c9b5','us-east-1c','Launching a new EC2 instance: i-a3e16efe9bce7c9b5','At 2026-11-29T00:48:54Z a user request created an AutoScalingGroup, update of AutoScalingGroup constraints to min: 1, max: 2, desired: 1 changing the desired capacity from 0 to 1.  At 2026-11-29T00:48:54Z an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 0 to 1.',5,'',1795913334951762,1795913334975489);
CREATE TABLE scaling_groups (
  seq                  INTEGER PRIMARY KEY,
  name                 TEXT NOT NULL UNIQUE,
  uuid                 TEXT NOT NULL UNIQUE,
  created              INTEGER NOT NULL,
  min_size             INTEGER NOT NULL,
  max_size             INTEGER NOT NULL,
  desired              INTEGER NOT NULL,
  source_is_template   INTEGER NOT NULL,
  source_id            TEXT NOT NULL,
  source_version       TEXT NOT NULL,
  source_number        INTEGER NOT NULL,
  source_created       INTEGER NOT NULL,
  mixed_policy         TEXT NOT NULL,
  instance_types       TEXT NOT NULL,
  health_check_type    TEXT NOT NULL,
  health_check_grace   INTEGER NOT NULL,
  default_cooldown     INTEGER NOT NULL,
  default_warmup       INTEGER NULL,
  max_lifetime         INTEGER NULL,
  termination_policies TEXT NOT NULL,
  protect_new_members  INTEGER NOT NULL,
  suspensions          TEXT NOT NULL,
  metrics              TEXT NOT NULL,
  context              TEXT NOT NULL,
  capacity_rebalance   INTEGER NOT NULL,
  warm_min             INTEGER NULL,
  warm_max             INTEGER NULL,
  warm_state           INTEGER NULL,
  warm_reuse           INTEGER NULL,
  deleting             INTEGER NOT NULL,
  force                INTEGER NOT NULL,
  next_activity        INTEGER NOT NULL,
  failures             INTEGER NOT NULL,
  last_failure         INTEGER NOT NULL,
  refusals             TEXT NOT NULL,
  why                  TEXT NOT NULL,
  cooldown_until       INTEGER NOT NULL,
  revision             INTEGER NOT NULL
) STRICT;
INSERT INTO "scaling_groups" VALUES(1,'mixed','9f17f4b1-c1c4-47d3-898a-1393f611d870',1795913334292516,1,3,2,1,'lt-5cc7c3020cb3b55d3','3',3,1795913329196802,'CjUKGQoUbHQtNWNjN2MzMDIwY2IzYjU1ZDMaATMSDAoHYjEudGlueRIBMRIKCghiMS5zbWFsbBImCgtwcmlvcml0aXplZBABGGQiDGxvd2VzdC1wcmljZSgCMgMwLjE=','["b1.tiny","b1.small"]','EC2',0,300000000,NULL,NULL,'[0]',0,'{}','[]','',0,NULL,NULL,NULL,NULL,0,0,3,0,-9223372036854775808,'[]','',-9223372036854775808,6);
INSERT INTO "scaling_groups" VALUES(2,'old','58367923-15d2-4a14-89d6-44b5bfb388ec',1795913334949568,1,2,1,0,'old','',0,1795913332748314,'','[]','EC2',0,300000000,NULL,NULL,'[0]',0,'{}','[]','',0,NULL,NULL,NULL,NULL,0,0,2,0,-9223372036854775808,'[]','',-9223372036854775808,3);
INSERT INTO "scaling_groups" VALUES(3,'plain','b6b333f1-d902-4a74-8fe2-5ad573a79f32',1795913335640634,0,2,0,1,'lt-5cc7c3020cb3b55d3','$Latest',3,1795913329196802,'','[]','EC2',0,300000000,NULL,NULL,'[0]',0,'{}','[]','',0,NULL,NULL,NULL,NULL,0,0,1,0,-9223372036854775808,'[]','',-9223372036854775808,1);
CREATE TABLE scaling_hooks (
  group_seq      INTEGER NOT NULL REFERENCES scaling_groups (seq) ON DELETE CASCADE,
  name           TEXT NOT NULL,
  transition     INTEGER NOT NULL,
  heartbeat      INTEGER NOT NULL,
  default_result INTEGER NOT NULL,
  metadata       TEXT NOT NULL,
  target         TEXT NOT NULL,
  PRIMARY KEY (group_seq, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE scaling_members (
  group_seq          INTEGER NOT NULL REFERENCES scaling_groups (seq) ON DELETE CASCADE,
  token              TEXT NOT NULL,
  instance_id        TEXT NULL,
  lifecycle          INTEGER NOT NULL,
  since              INTEGER NOT NULL,
  zone               TEXT NOT NULL,
  instance_type      TEXT NOT NULL,
  source_is_template INTEGER NOT NULL,
  source_id          TEXT NOT NULL,
  source_number      INTEGER NOT NULL,
  source_created     INTEGER NOT NULL,
  launched           INTEGER NOT NULL,
  in_service         INTEGER NOT NULL,
  protected          INTEGER NOT NULL,
  health             INTEGER NOT NULL,
  replaces           TEXT NOT NULL,
  PRIMARY KEY (group_seq, token)
) STRICT, WITHOUT ROWID;
INSERT INTO "scaling_members" VALUES(1,'9f17f4b1-c1c4-47d3-898a-000000000001','i-1d1c367c6231b3d35',3,1795913334331730,'us-east-1c','b1.tiny',1,'lt-5cc7c3020cb3b55d3',3,1795913329196802,1795913334300025,1795913334331730,0,0,'');
INSERT INTO "scaling_members" VALUES(1,'9f17f4b1-c1c4-47d3-898a-000000000002','i-67452732a16596c5f',3,1795913334347334,'us-east-1c','b1.tiny',1,'lt-5cc7c3020cb3b55d3',3,1795913329196802,1795913334300025,1795913334347334,0,0,'');
INSERT INTO "scaling_members" VALUES(2,'58367923-15d2-4a14-89d6-000000000001','i-a3e16efe9bce7c9b5',3,1795913334975489,'us-east-1c','',0,'old',0,1795913332748314,1795913334951762,1795913334975489,0,0,'');
CREATE TABLE scaling_policies (
  seq             INTEGER PRIMARY KEY,
  id              TEXT NOT NULL UNIQUE,
  group_seq       INTEGER NOT NULL REFERENCES scaling_groups (seq) ON DELETE CASCADE,
  name            TEXT NOT NULL,
  created         INTEGER NOT NULL,
  enabled         INTEGER NOT NULL,
  kind            INTEGER NOT NULL,
  adjustment_type INTEGER NOT NULL,
  amount          INTEGER NOT NULL,
  min_magnitude   INTEGER NOT NULL,
  cooldown        INTEGER NULL,
  target          REAL NOT NULL,
  disable_scale_in INTEGER NOT NULL,
  scales          INTEGER NOT NULL,
  buffer          INTEGER NOT NULL,
  breach          INTEGER NOT NULL,
  max_buffer      INTEGER NOT NULL,
  steps           TEXT NOT NULL,
  aggregation     TEXT NOT NULL,
  warmup          INTEGER NULL,
  predefined      TEXT NOT NULL,
  resource_label  TEXT NOT NULL,
  namespace       TEXT NOT NULL,
  metric          TEXT NOT NULL,
  dimensions      TEXT NOT NULL,
  statistic       TEXT NOT NULL,
  unit            TEXT NOT NULL,
  UNIQUE (group_seq, name)
) STRICT;
INSERT INTO "scaling_policies" VALUES(1,'6084799a-6214-486b-8662-5775dd1dc63f',1,'more',1795913336396144,1,0,0,1,0,NULL,0.0,0,0,0,0,0,'[]','',NULL,'','','','','[]','','');
CREATE TABLE scaling_refreshes (
  seq                INTEGER PRIMARY KEY,
  id                 TEXT NOT NULL UNIQUE,
  group_seq          INTEGER NOT NULL REFERENCES scaling_groups (seq) ON DELETE CASCADE,
  status             INTEGER NOT NULL,
  reason             TEXT NOT NULL,
  started            INTEGER NOT NULL,
  ended              INTEGER NULL,
  min_healthy        INTEGER NOT NULL,
  warmup             INTEGER NULL,
  checkpoints        TEXT NOT NULL,
  checkpoint_delay   INTEGER NOT NULL,
  skip_matching      INTEGER NOT NULL,
  auto_rollback      INTEGER NOT NULL,
  desired_is_template INTEGER NULL,
  desired_id         TEXT NULL,
  desired_version    TEXT NULL,
  before_is_template INTEGER NOT NULL,
  before_id          TEXT NOT NULL,
  before_version     TEXT NOT NULL,
  total              INTEGER NOT NULL,
  remaining          INTEGER NOT NULL,
  waiting_since      INTEGER NOT NULL,
  checkpoints_passed INTEGER NOT NULL
) STRICT;
CREATE TABLE scaling_schedules (
  seq        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  group_seq  INTEGER NOT NULL REFERENCES scaling_groups (seq) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  recurrence TEXT NOT NULL,
  time_zone  TEXT NOT NULL,
  looked_until INTEGER NOT NULL,
  start      INTEGER NULL,
  stop       INTEGER NULL,
  min_size   INTEGER NULL,
  max_size   INTEGER NULL,
  desired    INTEGER NULL,
  UNIQUE (group_seq, name)
) STRICT;
CREATE TABLE scaling_subnets (
  group_seq INTEGER NOT NULL REFERENCES scaling_groups (seq) ON DELETE CASCADE,
  position  INTEGER NOT NULL,
  subnet_id TEXT NOT NULL,
  zone      TEXT NOT NULL,
  PRIMARY KEY (group_seq, position)
) STRICT, WITHOUT ROWID;
INSERT INTO "scaling_subnets" VALUES(1,0,'subnet-1ce7748656af57bb2','us-east-1c');
INSERT INTO "scaling_subnets" VALUES(2,0,'subnet-1ce7748656af57bb2','us-east-1c');
INSERT INTO "scaling_subnets" VALUES(3,0,'subnet-1ce7748656af57bb2','us-east-1c');
CREATE TABLE scaling_tags (
  group_seq INTEGER NOT NULL REFERENCES scaling_groups (seq) ON DELETE CASCADE,
  key       TEXT NOT NULL,
  value     TEXT NOT NULL,
  propagate INTEGER NOT NULL,
  PRIMARY KEY (group_seq, key)
) STRICT, WITHOUT ROWID;
INSERT INTO "scaling_tags" VALUES(1,'team','mist',1);
CREATE TABLE scaling_waits (
  group_seq INTEGER NOT NULL,
  member    TEXT NOT NULL,
  hook      TEXT NOT NULL,
  token     TEXT NOT NULL,
  deadline  INTEGER NOT NULL,
  time_limit INTEGER NOT NULL,
  result    INTEGER NULL,
  notified  INTEGER NOT NULL,
  PRIMARY KEY (group_seq, member, hook),
  FOREIGN KEY (group_seq, member) REFERENCES scaling_members (group_seq, token) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE security_group_rules (
  seq              INTEGER PRIMARY KEY,
  id               TEXT NOT NULL UNIQUE,
  group_id         TEXT NOT NULL REFERENCES security_groups (id) ON DELETE CASCADE,
  egress           INTEGER NOT NULL,
  protocol         INTEGER NOT NULL,
  from_port        INTEGER NOT NULL,
  to_port          INTEGER NOT NULL,
  cidr_base        INTEGER,
  prefix_length    INTEGER,
  referenced_group TEXT REFERENCES security_groups (id),
  description      TEXT NOT NULL,
  CHECK ((cidr_base IS NULL) <> (referenced_group IS NULL)),
  CHECK ((cidr_base IS NULL) = (prefix_length IS NULL))
) STRICT;
INSERT INTO "security_group_rules" VALUES(1,'sgr-04c3433b29137a569','sg-8feb1c3bf002ed5d0',0,-1,-1,-1,NULL,NULL,'sg-8feb1c3bf002ed5d0','');
INSERT INTO "security_group_rules" VALUES(2,'sgr-bda13a77409911707','sg-8feb1c3bf002ed5d0',1,-1,-1,-1,0,0,NULL,'');
INSERT INTO "security_group_rules" VALUES(3,'sgr-841e2a15293a3164d','sg-2cfae179de9c55674',1,-1,-1,-1,0,0,NULL,'');
INSERT INTO "security_group_rules" VALUES(4,'sgr-d31713729326aca5e','sg-2cfae179de9c55674',0,6,443,443,0,0,NULL,'');
CREATE TABLE security_groups (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  vpc_id      TEXT NOT NULL REFERENCES vpcs (id),
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  UNIQUE (vpc_id, name)
) STRICT;
INSERT INTO "security_groups" VALUES(1,'sg-8feb1c3bf002ed5d0','vpc-178579b175dfccb19','default','default VPC security group');
INSERT INTO "security_groups" VALUES(2,'sg-2cfae179de9c55674','vpc-178579b175dfccb19','web','web servers');
CREATE TABLE subnets (
  seq                     INTEGER PRIMARY KEY,
  id                      TEXT NOT NULL UNIQUE,
  vpc_id                  TEXT NOT NULL REFERENCES vpcs (id),
  cidr_base               INTEGER NOT NULL,
  prefix_length           INTEGER NOT NULL,
  availability_zone       TEXT NOT NULL,
  default_for_az          INTEGER NOT NULL,
  map_public_ip_on_launch INTEGER NOT NULL
) STRICT;
INSERT INTO "subnets" VALUES(1,'subnet-602c9c811838e67c1','vpc-178579b175dfccb19',2887712768,20,'us-east-1a',1,1);
INSERT INTO "subnets" VALUES(2,'subnet-7e7ed2df11f506f8c','vpc-178579b175dfccb19',2887716864,20,'us-east-1b',1,1);
INSERT INTO "subnets" VALUES(3,'subnet-1ce7748656af57bb2','vpc-178579b175dfccb19',2887720960,20,'us-east-1c',1,1);
CREATE TABLE tags (
  resource_id TEXT NOT NULL,
  key         TEXT NOT NULL,
  value       TEXT NOT NULL,
  PRIMARY KEY (resource_id, key)
) STRICT, WITHOUT ROWID;
INSERT INTO "tags" VALUES('i-00c35d07405ecf099','Name','brûme "quoted"
');
INSERT INTO "tags" VALUES('i-00c35d07405ecf099','aws:ec2launchtemplate:id','lt-5cc7c3020cb3b55d3');
INSERT INTO "tags" VALUES('i-00c35d07405ecf099','aws:ec2launchtemplate:version','1');
INSERT INTO "tags" VALUES('i-00c35d07405ecf099','stage','');
INSERT INTO "tags" VALUES('i-1d1c367c6231b3d35','aws:autoscaling:groupName','mixed');
INSERT INTO "tags" VALUES('i-1d1c367c6231b3d35','aws:ec2launchtemplate:id','lt-5cc7c3020cb3b55d3');
INSERT INTO "tags" VALUES('i-1d1c367c6231b3d35','aws:ec2launchtemplate:version','3');
INSERT INTO "tags" VALUES('i-1d1c367c6231b3d35','team','mist');
INSERT INTO "tags" VALUES('i-67452732a16596c5f','aws:autoscaling:groupName','mixed');
INSERT INTO "tags" VALUES('i-67452732a16596c5f','aws:ec2launchtemplate:id','lt-5cc7c3020cb3b55d3');
INSERT INTO "tags" VALUES('i-67452732a16596c5f','aws:ec2launchtemplate:version','3');
INSERT INTO "tags" VALUES('i-67452732a16596c5f','team','mist');
INSERT INTO "tags" VALUES('i-a3e16efe9bce7c9b5','aws:autoscaling:groupName','old');
INSERT INTO "tags" VALUES('i-fbfa85ccbfc837f9c','Name','alone');
INSERT INTO "tags" VALUES('lt-5cc7c3020cb3b55d3','team','mist');
INSERT INTO "tags" VALUES('vol-5d32db15a194cad87','Name','disk');
CREATE TABLE volumes (
  seq                   INTEGER PRIMARY KEY,
  id                    TEXT NOT NULL UNIQUE,
  image_id              TEXT REFERENCES images (id),
  size_gib              INTEGER NOT NULL,
  type                  TEXT NOT NULL,
  state                 INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),  -- creating in-use available deleting
  availability_zone     TEXT NOT NULL,
  created               INTEGER NOT NULL,
  instance_id           TEXT REFERENCES instances (id),
  device_name           TEXT NOT NULL,
  attach_time           INTEGER NOT NULL,
  delete_on_termination INTEGER NOT NULL
) STRICT;
INSERT INTO "volumes" VALUES(1,'vol-630144b7082b434cc','ami-45df9e161507305b1',8,'gp3',1,'us-east-1c',1795913334302703,'i-1d1c367c6231b3d35','/dev/vda',1795913334302703,1);
INSERT INTO "volumes" VALUES(2,'vol-25d7015a935f2bb13','ami-45df9e161507305b1',8,'gp3',1,'us-east-1c',1795913334319166,'i-67452732a16596c5f','/dev/vda',1795913334319166,1);
INSERT INTO "volumes" VALUES(3,'vol-67c928ae44da46f63','ami-45df9e161507305b1',9,'gp3',1,'us-east-1c',1795913334954052,'i-a3e16efe9bce7c9b5','/dev/vda',1795913334954052,1);
INSERT INTO "volumes" VALUES(4,'vol-5fba942a3fde576f2','ami-45df9e161507305b1',8,'gp3',1,'us-east-1a',1795913337996388,'i-fbfa85ccbfc837f9c','/dev/vda',1795913337996388,1);
INSERT INTO "volumes" VALUES(5,'vol-5d32db15a194cad87','ami-45df9e161507305b1',12,'gp3',1,'us-east-1c',1795913338600785,'i-00c35d07405ecf099','/dev/vda',1795913338600785,0);
CREATE TABLE vpcs (
  seq           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE,
  cidr_base     INTEGER NOT NULL,
  prefix_length INTEGER NOT NULL,
  is_default    INTEGER NOT NULL
) STRICT;
INSERT INTO "vpcs" VALUES(1,'vpc-178579b175dfccb19',2887712768,16,1);
CREATE INDEX instances_by_state ON instances (state, state_since);
CREATE INDEX instances_by_reservation ON instances (reservation_id);
CREATE INDEX instances_by_image ON instances (image_id) WHERE state <> 48;
CREATE TRIGGER instances_capacity_insert AFTER INSERT ON instances WHEN NEW.state NOT IN (48, 80) BEGIN
  UPDATE capacity_in_use SET memory_mib = memory_mib + NEW.memory_mib, vcpus = vcpus + NEW.vcpus, count = count + 1;
END;
CREATE TRIGGER instances_capacity_delete AFTER DELETE ON instances WHEN OLD.state NOT IN (48, 80) BEGIN
  UPDATE capacity_in_use SET memory_mib = memory_mib - OLD.memory_mib, vcpus = vcpus - OLD.vcpus, count = count - 1;
END;
CREATE TRIGGER instances_capacity_update AFTER UPDATE ON instances
WHEN (OLD.state IN (48, 80)) <> (NEW.state IN (48, 80)) OR OLD.memory_mib <> NEW.memory_mib OR OLD.vcpus <> NEW.vcpus
BEGIN
  UPDATE capacity_in_use SET
    memory_mib = memory_mib + (NEW.state NOT IN (48, 80)) * NEW.memory_mib - (OLD.state NOT IN (48, 80)) * OLD.memory_mib,
    vcpus = vcpus + (NEW.state NOT IN (48, 80)) * NEW.vcpus - (OLD.state NOT IN (48, 80)) * OLD.vcpus,
    count = count + (NEW.state NOT IN (48, 80)) - (OLD.state NOT IN (48, 80));
END;
CREATE INDEX client_tokens_by_age ON client_tokens (created);
CREATE UNIQUE INDEX vpcs_one_default ON vpcs (is_default) WHERE is_default = 1;
CREATE INDEX subnets_by_vpc ON subnets (vpc_id);
CREATE UNIQUE INDEX security_group_rules_same_permission ON security_group_rules
  (group_id, egress, protocol, from_port, to_port, ifnull(cidr_base, -1), ifnull(prefix_length, -1),
   ifnull(referenced_group, ''));
CREATE INDEX security_group_rules_by_reference ON security_group_rules (referenced_group)
  WHERE referenced_group IS NOT NULL;
CREATE UNIQUE INDEX network_interfaces_by_public_ip ON network_interfaces (public_ip) WHERE public_ip IS NOT NULL;
CREATE INDEX network_interfaces_by_subnet ON network_interfaces (subnet_id);
CREATE UNIQUE INDEX network_interfaces_by_instance ON network_interfaces (instance_id, device_index)
  WHERE instance_id IS NOT NULL;
CREATE UNIQUE INDEX interface_groups_by_group ON interface_groups (group_id, eni_id);
CREATE UNIQUE INDEX images_by_name ON images (name) WHERE state <> 3;
CREATE INDEX volumes_by_image ON volumes (image_id) WHERE image_id IS NOT NULL;
CREATE INDEX volumes_by_instance ON volumes (instance_id) WHERE instance_id IS NOT NULL;
CREATE TRIGGER instances_tags AFTER DELETE ON instances BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER vpcs_tags AFTER DELETE ON vpcs BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER subnets_tags AFTER DELETE ON subnets BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER groups_tags AFTER DELETE ON security_groups BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER rules_tags AFTER DELETE ON security_group_rules BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER interfaces_tags AFTER DELETE ON network_interfaces BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER images_tags AFTER DELETE ON images BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER volumes_tags AFTER DELETE ON volumes BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER key_pairs_tags AFTER DELETE ON key_pairs BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE INDEX events_by_kind ON events (read_only, seq);
CREATE INDEX event_resources_by_event ON event_resources (event);
CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events BEGIN
  SELECT RAISE(ABORT, 'events are never changed');
END;
CREATE TRIGGER events_above_the_floor_stay BEFORE DELETE ON events
WHEN OLD.seq >= (SELECT seq FROM event_floor WHERE read_only = OLD.read_only) BEGIN
  SELECT RAISE(ABORT, 'events above the floor are never deleted');
END;
CREATE INDEX group_members_by_user ON group_members (user_id);
CREATE INDEX policy_attachments_by_policy ON policy_attachments (policy_arn);
CREATE INDEX access_keys_by_user ON access_keys (user_id);
CREATE INDEX instance_profiles_by_role ON instance_profiles (role_id);
CREATE TRIGGER launch_templates_tags AFTER DELETE ON launch_templates BEGIN
  DELETE FROM tags WHERE resource_id = OLD.id;
END;
CREATE INDEX launch_template_versions_by_token ON launch_template_versions (client_token) WHERE client_token <> '';
CREATE INDEX metrics_by_seen ON metrics (seen);
CREATE INDEX scaling_groups_by_source ON scaling_groups (source_id);
CREATE UNIQUE INDEX scaling_members_by_instance ON scaling_members (instance_id) WHERE instance_id IS NOT NULL;
CREATE INDEX scaling_activities_by_group ON scaling_activities (group_name, seq);
CREATE INDEX scaling_activities_open ON scaling_activities (group_seq, member) WHERE ended IS NULL;
CREATE INDEX scaling_activities_by_end ON scaling_activities (ended);
CREATE INDEX scaling_refreshes_by_group ON scaling_refreshes (group_seq, seq);
CREATE INDEX alarm_history_by_alarm ON alarm_history (alarm, seq);
CREATE INDEX alarm_history_by_time ON alarm_history (time);
CREATE INDEX alarm_due_actions_by_alarm ON alarm_due_actions (alarm, action, seq);
COMMIT;
