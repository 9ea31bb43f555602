"""Our code inside the services: a hypervisor, a port binding, a stand-in for etcd's discovery."""
