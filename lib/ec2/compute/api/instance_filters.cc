#include "lib/ec2/compute/api/instance_filters.h"

#include "absl/strings/str_cat.h"
#include "lib/ec2/compute/api/instance_render.h"
#include "lib/ec2/network/model/dns_names.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/zones.h"

namespace brume::ec2 {
namespace {

using compute::InstanceView;
using Table = gateway::FilterTable<InstanceView>::Accessors;

// Adapters from what is extracted to a filter's values.
template <typename Function>
gateway::FilterTable<InstanceView>::Values Of(Function text) {
  return [text](const InstanceView& view, const gateway::ValueSink& sink) { sink(text(view)); };
}
// An empty text is no value.
template <typename Function>
gateway::FilterTable<InstanceView>::Values IfAny(Function text) {
  return [text](const InstanceView& view, const gateway::ValueSink& sink) {
    const std::string value(text(view));
    if (!value.empty()) sink(value);
  };
}
template <typename Function>
gateway::FilterTable<InstanceView>::Values EachInterface(Function text) {
  return [text](const InstanceView& view, const gateway::ValueSink& sink) {
    for (const NetworkInterface& eni : view.interfaces) {
      const std::string value(text(eni));
      if (!value.empty()) sink(value);
    }
  };
}
template <typename Function>
gateway::FilterTable<InstanceView>::Values EachVolume(Function text) {
  return [text](const InstanceView& view, const gateway::ValueSink& sink) {
    for (const Volume& volume : view.volumes) sink(text(volume));
  };
}

void AddInstanceItself(Table& table) {
  table["client-token"] = IfAny([](const InstanceView& v) { return v.instance.client_token; });
  table["iam-instance-profile.arn"] =
      IfAny([](const InstanceView& v) { return v.profile.has_value() ? v.profile->profile_arn : ""; });
  table["iam-instance-profile.id"] =
      IfAny([](const InstanceView& v) { return v.profile.has_value() ? v.profile->profile_id : ""; });
  table["image-id"] = Of([](const InstanceView& v) { return v.instance.image_id.text(); });
  table["instance-id"] = Of([](const InstanceView& v) { return v.instance.id.text(); });
  table["instance-state-code"] =
      Of([](const InstanceView& v) { return absl::StrCat(static_cast<int>(v.instance.state)); });
  table["instance-state-name"] = Of([](const InstanceView& v) { return StateName(v.instance.state); });
  table["instance-type"] = Of([](const InstanceView& v) { return v.instance.instance_type; });
  table["key-name"] = IfAny([](const InstanceView& v) { return v.instance.key_name; });
  table["launch-index"] = Of([](const InstanceView& v) { return absl::StrCat(v.instance.launch_index); });
  table["launch-time"] = Of([](const InstanceView& v) { return gateway::RenderTime(v.instance.launch_time); });
  table["usage-operation-update-time"] = table["launch-time"];
  table["monitoring-state"] = Of([](const InstanceView& v) { return v.instance.monitoring ? "enabled" : "disabled"; });
  table["availability-zone"] = Of([](const InstanceView& v) { return v.instance.availability_zone; });
  table["reason"] = IfAny([](const InstanceView& v) { return v.instance.transition_reason; });
  table["reservation-id"] = Of([](const InstanceView& v) { return v.instance.reservation_id.text(); });
  table["root-device-name"] = Of([](const InstanceView& v) { return v.instance.root_device_name; });
  table["source-dest-check"] =
      Of([](const InstanceView& v) { return gateway::FilterText(v.instance.source_dest_check); });
  table["state-reason-code"] = IfAny([](const InstanceView& v) { return ReasonOf(v.instance).code; });
  table["state-reason-message"] = IfAny([](const InstanceView& v) { return ReasonOf(v.instance).message; });
}

void AddOptions(const Settings& settings, Table& table) {
  table["availability-zone-id"] =
      Of([&settings](const InstanceView& v) { return ZoneId(settings, v.instance.availability_zone); });
  table["boot-mode"] = Of([](const InstanceView& v) { return BootModeName(v.instance.boot_mode); });
  table["current-instance-boot-mode"] = Of([&settings](const InstanceView& v) {
    return BootModeName(CurrentBootMode(v.instance.boot_mode, settings.has_uefi));
  });
  table["capacity-reservation-specification.capacity-reservation-preference"] =
      Of([](const InstanceView& v) { return ReservationPreference(v.instance); });
  table["hibernation-options.configured"] = Of(
      [](const InstanceView& v) { return gateway::FilterText(v.instance.hibernation != Hibernation::kUnsupported); });
  table["ebs-optimized"] = Of([](const InstanceView& v) { return gateway::FilterText(v.instance.ebs_optimized); });
  table["maintenance-options.auto-recovery"] =
      Of([](const InstanceView& v) { return AutoRecovery(v.instance.auto_recovery); });
}

void AddMetadataOptions(Table& table) {
  const auto add = [&table](const std::string& name, auto text) {
    table["metadata-options." + name] = Of([text](const InstanceView& v) {
      v1::InstanceMetadataOptionsResponse options;
      RenderMetadataOptions(v.instance.metadata_options, options);
      return std::string(text(options));
    });
  };
  add("http-tokens", [](const auto& o) { return o.http_tokens(); });
  add("http-endpoint", [](const auto& o) { return o.http_endpoint(); });
  add("http-protocol-ipv6", [](const auto& o) { return o.http_protocol_ipv6(); });
  add("http-put-response-hop-limit", [](const auto& o) { return absl::StrCat(o.http_put_response_hop_limit()); });
  add("state", [](const auto& o) { return o.state(); });
  add("instance-metadata-tags", [](const auto& o) { return o.instance_metadata_tags(); });
}

void AddVolumes(Table& table) {
  const std::string prefix = "block-device-mapping.";
  table[prefix + "attach-time"] = EachVolume([](const Volume& v) { return gateway::RenderTime(v.attach_time); });
  table[prefix + "delete-on-termination"] =
      EachVolume([](const Volume& v) { return gateway::FilterText(v.delete_on_termination); });
  table[prefix + "device-name"] = EachVolume([](const Volume& v) { return v.device_name; });
  table[prefix + "status"] = EachVolume([](const Volume& v) { return StateName(v.attachment_state); });
  table[prefix + "volume-id"] = EachVolume([](const Volume& v) { return v.id.text(); });
}

gateway::FilterTable<InstanceView>::Values GroupIds() {
  return [](const InstanceView& view, const gateway::ValueSink& sink) {
    for (const NetworkInterface& eni : view.interfaces) {
      for (const SecurityGroupId& id : eni.groups) sink(id.text());
    }
  };
}
gateway::FilterTable<InstanceView>::Values GroupNames() {
  return [](const InstanceView& view, const gateway::ValueSink& sink) {
    for (const auto& [id, name] : view.group_names) sink(name);
  };
}

// The primary interface's values under short names, each interface's under "network-interface.".
void AddInterfaces(const Settings& settings, Table& table) {
  const auto first = [](auto text) {
    return [text](const InstanceView& view, const gateway::ValueSink& sink) {
      if (view.interfaces.empty()) return;
      const std::string value(text(view.interfaces.front()));
      if (!value.empty()) sink(value);
    };
  };
  const auto public_ip = [](const NetworkInterface& e) { return e.public_ip ? e.public_ip->text() : std::string(); };
  const auto private_ip = [](const NetworkInterface& e) {
    return e.private_ip.has_value() ? e.private_ip->text() : std::string();
  };
  const auto dns_name = [&settings](const NetworkInterface& e) { return PrivateDnsName(e, settings); };
  const auto subnet = [](const NetworkInterface& e) { return e.subnet_id.text(); };
  const auto vpc = [](const NetworkInterface& e) { return e.vpc_id.text(); };
  table["ip-address"] = first(public_ip);
  table["private-ip-address"] = first(private_ip);
  table["ipv6-address"] =
      first([](const NetworkInterface& e) { return e.ipv6.empty() ? std::string() : e.ipv6.front().text(); });
  table["private-dns-name"] = first(dns_name);
  const auto public_name = [&settings](const NetworkInterface& e) { return PublicHostname(e, settings.region); };
  table["dns-name"] = first(public_name);
  const std::string names = "private-dns-name-options.";
  table[names + "hostname-type"] =
      first([](const NetworkInterface& e) { return kHostnameTypeNames.Of(e.dns_name_options.hostname_type); });
  table[names + "enable-resource-name-dns-a-record"] =
      first([](const NetworkInterface& e) { return gateway::FilterText(e.dns_name_options.a_record); });
  table[names + "enable-resource-name-dns-aaaa-record"] =
      first([](const NetworkInterface& e) { return gateway::FilterText(e.dns_name_options.aaaa_record); });
  table["subnet-id"] = first(subnet);
  table["vpc-id"] = first(vpc);
  table["instance.group-id"] = GroupIds();
  table["instance.group-name"] = GroupNames();

  const std::string prefix = "network-interface.";
  const auto add = [&](const std::string& name, auto text) { table[prefix + name] = EachInterface(text); };
  const auto owner = [&settings](const std::optional<Ipv4>& address, bool elastic) -> std::string {
    if (!address) return "";
    return elastic ? settings.account_id : "amazon";
  };
  // Of each private address: the first says `first`, each other one `other`.
  const auto add_address = [&](const std::string& name, auto first_text, auto other) {
    table[prefix + "addresses." + name] = [first_text, other](const InstanceView& view,
                                                              const gateway::ValueSink& sink) {
      for (const NetworkInterface& eni : view.interfaces) {
        if (const std::string value(first_text(eni)); !value.empty()) sink(value);
        for (const SecondaryAddress& address : eni.secondary) {
          if (const std::string value(other(eni, address)); !value.empty()) sink(value);
        }
      }
    };
  };
  using Eni = NetworkInterface;
  using Secondary = SecondaryAddress;
  add_address("association.public-ip", public_ip,
              [](const Eni&, const Secondary& a) { return a.public_ip ? a.public_ip->text() : std::string(); });
  add_address("private-ip-address", private_ip, [](const Eni&, const Secondary& a) { return a.private_ip.text(); });
  add_address(
      "primary", [](const Eni& e) { return e.ipv6_native() ? "" : "true"; },
      [](const Eni&, const Secondary&) { return "false"; });
  add_address(
      "association.ip-owner-id", [owner](const Eni& e) { return owner(e.public_ip, e.elastic()); },
      [owner](const Eni&, const Secondary& a) { return owner(a.public_ip, !a.association_id.empty()); });
  add_address("association.public-dns-name", public_name, [&settings](const Eni& e, const Secondary& a) {
    return a.public_ip && e.public_name ? PublicDnsName(*a.public_ip, settings.region) : std::string();
  });
  add_address(
      "association.allocation-id", [](const Eni& e) { return e.allocation_id.text(); },
      [](const Eni&, const Secondary& a) { return a.allocation_id.text(); });
  add_address(
      "association.association-id", [](const Eni& e) { return e.association_id.text(); },
      [](const Eni&, const Secondary& a) { return a.association_id.text(); });
  add_address("private-dns-name", dns_name, [&settings](const Eni&, const Secondary& a) {
    return absl::StrCat(PrivateHostname(a.private_ip), ".", PrivateDomain(settings));
  });
  add("association.allocation-id", [](const NetworkInterface& e) { return e.allocation_id.text(); });
  add("association.association-id", [](const NetworkInterface& e) { return e.association_id.text(); });
  add("association.public-ip", public_ip);
  add("association.ip-owner-id", [owner](const NetworkInterface& e) { return owner(e.public_ip, e.elastic()); });
  for (const char* name : {"association.public-dns-name", "public-dns-name"}) add(name, public_name);
  add("attachment.network-card-index", [](const NetworkInterface&) { return "0"; });
  add("attachment.attach-time", [](const NetworkInterface& e) { return gateway::RenderTime(e.attach_time); });
  add("attachment.attachment-id", [](const NetworkInterface& e) { return e.attachment_id; });
  add("attachment.delete-on-termination",
      [](const NetworkInterface& e) { return gateway::FilterText(e.delete_on_termination); });
  add("attachment.device-index", [](const NetworkInterface& e) { return absl::StrCat(e.device_index); });
  add("attachment.instance-id", [](const NetworkInterface& e) { return e.instance_id.text(); });
  add("attachment.instance-owner-id", [&settings](const NetworkInterface&) { return settings.account_id; });
  add("attachment.status", [](const NetworkInterface& e) { return AttachmentStatusName(e.attachment_state); });
  add("description", [](const NetworkInterface& e) { return e.description; });
  add("mac-address", [](const NetworkInterface& e) { return e.mac; });
  add("network-interface-id", [](const NetworkInterface& e) { return e.id.text(); });
  add("owner-id", [&settings](const NetworkInterface&) { return settings.account_id; });
  add("private-dns-name", dns_name);
  add("private-ip-address", private_ip);
  add("source-dest-check", [](const NetworkInterface& e) { return gateway::FilterText(e.source_dest_check); });
  add("status", [](const NetworkInterface&) { return "in-use"; });
  add("subnet-id", subnet);
  add("vpc-id", vpc);
  for (const char* name : {"ipv6-address", "ipv6-addresses.ipv6-address"}) {
    table[prefix + name] = [](const InstanceView& view, const gateway::ValueSink& sink) {
      for (const NetworkInterface& eni : view.interfaces) {
        for (const Ipv6& address : eni.ipv6) sink(address.text());
      }
    };
  }
  table[prefix + "ipv6-addresses.is-primary-ipv6"] = [](const InstanceView& view, const gateway::ValueSink& sink) {
    for (const NetworkInterface& eni : view.interfaces) {
      for (const Ipv6& address : eni.ipv6) sink(gateway::FilterText(IsPrimary(eni, address)));
    }
  };
  table[prefix + "group-id"] = GroupIds();
  table[prefix + "group-name"] = GroupNames();
  table[prefix + "availability-zone"] = [](const InstanceView& view, const gateway::ValueSink& sink) {
    if (!view.interfaces.empty()) sink(view.instance.availability_zone);
  };
}

}  // namespace

gateway::FilterTable<InstanceView> InstanceFilters(const Settings& settings) {
  Table table;
  AddInstanceItself(table);
  AddOptions(settings, table);
  AddMetadataOptions(table);
  table["owner-id"] = Of([&settings](const InstanceView&) { return settings.account_id; });
  AddVolumes(table);
  AddInterfaces(settings, table);
  return gateway::FilterTable<InstanceView>(*v1::DescribeInstancesRequest::descriptor(), std::move(table),
                                            [](const InstanceView& view, const gateway::TagSink& sink) {
                                              for (const auto& [key, value] : view.tags) sink(key, value);
                                            });
}

const gateway::FilterTable<StatusView>& StatusFilters() {
  const auto of = [](auto text) {
    return [text](const StatusView& s, const gateway::ValueSink& sink) {
      const std::string value(text(s));
      if (!value.empty()) sink(value);
    };
  };
  static const gateway::FilterTable<StatusView> table(
      *v1::DescribeInstanceStatusRequest::descriptor(),
      {
          // A guest that the host runs has its volumes.
          {"attached-ebs-status.status", of([](const StatusView& s) { return SummaryText(s.status.system); })},
          {"availability-zone", of([](const StatusView& s) { return s.view->instance.availability_zone; })},
          {"availability-zone-id", of([](const StatusView& s) { return s.zone_id; })},
          {"instance-state-code",
           of([](const StatusView& s) { return absl::StrCat(static_cast<int>(s.view->instance.state)); })},
          {"instance-state-name", of([](const StatusView& s) { return StateName(s.view->instance.state); })},
          {"instance-status.reachability", of([](const StatusView& s) { return CheckText(s.status.instance); })},
          {"instance-status.status", of([](const StatusView& s) { return SummaryText(s.status.instance); })},
          {"system-status.reachability", of([](const StatusView& s) { return CheckText(s.status.system); })},
          {"system-status.status", of([](const StatusView& s) { return SummaryText(s.status.system); })},
      });
  return table;
}

}  // namespace brume::ec2
