// Commits per second with 1 and 32 callers, and the cost of the reads behind DescribeInstances.
//   store_bench [instances=100000]
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/security_group_table.h"
#include "lib/ec2/storage/tables/image_table.h"
#include "lib/ec2/storage/tables/volume_table.h"
#include "lib/ec2/tagging/tag_table.h"
#include "lib/store/value_table.h"

namespace brume::store {
namespace {

void Check(const absl::Status& status) {
  if (status.ok()) return;
  fprintf(stderr, "%s\n", status.ToString().c_str());
  exit(1);
}

InstanceId NthInstance(int n) { return InstanceId::FromTrusted(absl::StrFormat("i-%017x", n)); }
const VpcId kVpc = VpcId::FromTrusted("vpc-00000000000000001");
const SubnetId kSubnet = SubnetId::FromTrusted("subnet-00000000000000001");
const SecurityGroupId kGroup = SecurityGroupId::FromTrusted("sg-00000000000000001");
const ImageId kImage = ImageId::FromTrusted("ami-00000000000000001");

absl::Status InsertOne(Connection& c, int n) {
  Instance i;
  i.id = NthInstance(n);
  i.reservation_id = ReservationId::FromTrusted(absl::StrFormat("r-%017x", n));
  i.image_id = kImage;
  i.instance_type = "b1.small";
  i.state = InstanceState::kRunning;
  i.state_since = i.launch_time = absl::Now();
  i.user_data = "#!/bin/sh\necho hello\n";
  RETURN_IF_ERROR(compute::InstanceTable(c).Insert(i, 256, 1));
  NetworkInterface e;
  e.id = EniId::FromTrusted(absl::StrFormat("eni-%017x", n));
  e.vpc_id = kVpc;
  e.subnet_id = kSubnet;
  e.instance_id = i.id;
  e.private_ip = Ipv4{0x0a000000u + n};
  e.groups = {kGroup};
  RETURN_IF_ERROR(network::NetworkTable(c).InsertInterface(e));
  Volume v;
  v.id = VolumeId::FromTrusted(absl::StrFormat("vol-%017x", n));
  v.layer_id = kImage.text();
  v.instance_id = i.id;
  RETURN_IF_ERROR(storage::VolumeTable(c).Insert(v));
  return tagging::TagTable(c).Set(i.id.text(), "Name", absl::StrFormat("web %d", n));
}

// What DescribeInstances reads for these rows.
absl::Status ReadWith(Connection& c, const std::vector<Instance>& rows) {
  std::vector<InstanceId> ids;
  std::vector<std::string> texts;
  for (const Instance& row : rows) {
    ids.push_back(row.id);
    texts.push_back(row.id.text());
  }
  RETURN_IF_ERROR(network::NetworkTable(c).ListInterfacesOf(ids).status());
  RETURN_IF_ERROR(storage::VolumeTable(c).ListOf(ids).status());
  return tagging::TagTable(c).GetMany(texts).status();
}

void Measure(const std::string& what, int times, const std::function<void(int)>& run) {
  std::vector<double> micros;
  for (int n = 0; n < times; ++n) {
    const absl::Time start = absl::Now();
    run(n);
    micros.push_back(absl::ToDoubleMicroseconds(absl::Now() - start));
  }
  std::sort(micros.begin(), micros.end());
  printf("%-52s p50 %9.1f us   p99 %9.1f us\n", what.c_str(), micros[times / 2], micros[times * 99 / 100]);
}

void MeasureCommits(Database& db, int callers, int each) {
  std::vector<std::thread> threads;
  const absl::Time start = absl::Now();
  for (int t = 0; t < callers; ++t) {
    threads.emplace_back([&, t] {
      for (int n = 0; n < each; ++n) {
        Check(db.Write([&](Connection& c) {
          return store::ValueTable(c).Set(absl::StrFormat("%d", t), absl::StrFormat("%d", n));
        }));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  printf("%2d callers: %.0f commits/s\n", callers, callers * each / absl::ToDoubleSeconds(absl::Now() - start));
}

void Run(const std::string& directory, int count) {
  auto opened = Database::Open(directory + "/brume.db");
  Check(opened.status());
  Database& db = **opened;
  MeasureCommits(db, 1, 5000);
  MeasureCommits(db, 32, 2000);

  Check(db.Write([](Connection& c) {
    RETURN_IF_ERROR(network::NetworkTable(c).InsertVpc({kVpc, Cidr{Ipv4{0x0a000000}, 8}, true, {}, {}}));
    RETURN_IF_ERROR(network::NetworkTable(c).InsertSubnet(
        {kSubnet, kVpc, Cidr{Ipv4{0x0a000000}, 8}, "us-east-1a", true, true, {}}));
    RETURN_IF_ERROR(network::SecurityGroupTable(c).Insert({kGroup, kVpc, "default", "default"}));
    Image image;
    image.id = kImage;
    return storage::ImageTable(c).Insert(image);
  }));
  const absl::Time start = absl::Now();
  constexpr int kBatch = 1000;
  for (int first = 0; first < count; first += kBatch) {
    Check(db.Write([&](Connection& c) {
      for (int n = first; n < std::min(first + kBatch, count); ++n) RETURN_IF_ERROR(InsertOne(c, n));
      return absl::OkStatus();
    }));
  }
  printf("%d instances with interface, volume and tag inserted in %.1f s\n", count,
         absl::ToDoubleSeconds(absl::Now() - start));

  const auto random_id = [&](int n) { return NthInstance(static_cast<int>((n * 7919L) % count)); };
  Measure("one by id, with interface, volume and tags", 5000, [&](int n) {
    Check(db.Read([&](Connection& c) {
      ASSIGN_OR_RETURN(const Instance row, compute::InstanceTable(c).Get(random_id(n)));
      return ReadWith(c, {row});
    }));
  });
  Measure("a page of 1,000 with all of it", 50, [&](int n) {
    Check(db.Read([&](Connection& c) {
      ASSIGN_OR_RETURN(const std::vector<Instance> rows, compute::InstanceTable(c).List(random_id(n), 1000));
      return ReadWith(c, rows);
    }));
  });
  Measure("all rows", 3, [&](int) {
    Check(db.Read([&](Connection& c) { return compute::InstanceTable(c).List(std::nullopt, 0).status(); }));
  });
  Measure("capacity in use", 5000,
          [&](int) { Check(db.Read([](Connection& c) { return compute::InstanceTable(c).InUse().status(); })); });
  Measure("members of the group of all", 3, [&](int) {
    Check(db.Read([](Connection& c) { return network::SecurityGroupTable(c).MemberAddresses(kGroup).status(); }));
  });
  Measure("launch of one (a commit)", 1000,
          [&](int n) { Check(db.Write([&](Connection& c) { return InsertOne(c, count + n); })); });
  Measure("change of state (a commit)", 1000, [&](int n) {
    Check(db.Write([&](Connection& c) {
      ASSIGN_OR_RETURN(Instance row, compute::InstanceTable(c).Get(random_id(n)));
      row.state = InstanceState::kStopping;
      return compute::InstanceTable(c).Update(row);
    }));
  });
  Measure("delete of one (a commit)", 1000, [&](int n) {
    Check(db.Write([&](Connection& c) {
      RETURN_IF_ERROR(network::NetworkTable(c).DeleteInterface(EniId::FromTrusted(absl::StrFormat("eni-%017x", n))));
      RETURN_IF_ERROR(storage::VolumeTable(c).Delete(VolumeId::FromTrusted(absl::StrFormat("vol-%017x", n))));
      return compute::InstanceTable(c).Delete(NthInstance(n));
    }));
  });
}

}  // namespace
}  // namespace brume::store

int main(int argc, char** argv) {
  char directory[] = "/var/tmp/brume-bench-XXXXXX";
  if (mkdtemp(directory) == nullptr) {
    perror("mkdtemp");
    return 1;
  }
  brume::store::Run(directory, argc > 1 ? atoi(argv[1]) : 100000);
  std::filesystem::remove_all(directory);
  return 0;
}
