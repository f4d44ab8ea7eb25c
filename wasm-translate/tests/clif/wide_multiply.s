  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rdx, %r10
  movq %r10, %rax
  mulq %r8 ;; implicit: %rax, %rdx
  movq %rdx, %r11
  movq %r10, %rdx
  movq %r11, %r10
  imulq %r9, %rdx
  imulq %r8, %rcx
  leaq (%rdx, %rcx), %rcx
  movq %r10, %rdx
  leaq (%rdx, %rcx), %rcx
  movq 0x40(%rdi), %rdx
  movl %esi, %esi
  movq %rcx, 8(%rdx, %rsi)
  movq %rax, (%rdx, %rsi)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rdx, %r10
  movq %r10, %rax
  mulq %r8 ;; implicit: %rax, %rdx
  movq %rdx, %r11
  movq %r10, %rdx
  movq %r11, %r10
  imulq %r9, %rdx
  imulq %r8, %rcx
  leaq (%rdx, %rcx), %rcx
  movq %r10, %rdx
  leaq (%rdx, %rcx), %rcx
  movq 0x40(%rdi), %rdx
  movl %esi, %esi
  movq %rax, (%rdx, %rsi)
  movq %rcx, 8(%rdx, %rsi)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rdx, %r10
  movq %r10, %rax
  mulq %r8 ;; implicit: %rax, %rdx
  movq %rdx, %r11
  movq %r10, %rdx
  movq %r11, %r10
  imulq %r9, %rdx
  imulq %r8, %rcx
  leaq (%rdx, %rcx), %rcx
  movq %r10, %rdx
  leaq (%rdx, %rcx), %rcx
  movq 0x40(%rdi), %rdx
  movl %esi, %esi
  movq %rax, 0x10(%rdx, %rsi)
  movq %rcx, 0x18(%rdx, %rsi)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
  subq $0x10, %rsp
  movq %rbx, (%rsp)
block0:
  movq %rdx, %rbx
  movq 0x48(%rdi), %rax
  movl %esi, %r10d
  leaq 0x10(%r10), %r11
  cmpq %rax, %r11
  jnbe    label2; j label1
block1:
  movq %rbx, %rax
  mulq %r8 ;; implicit: %rax, %rdx
  movq %rdx, %r11
  movq 0x40(%rdi), %rsi
  movq %rax, (%rsi, %r10)
  movq %rbx, %rdx
  imulq %r9, %rdx
  imulq %r8, %rcx
  leaq (%rdx, %rcx), %rax
  movq %r11, %rdx
  leaq (%rdx, %rax), %rax
  movq %rax, 8(%rsi, %r10)
  movq (%rsp), %rbx
  addq $0x10, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq %rbx, %rdx
  call    User(userextname0)
  ud2

  pushq %rbp
  movq %rsp, %rbp
  subq $0x10, %rsp
  movq %rbx, (%rsp)
block0:
  movq %rdx, %rbx
  movq 0x48(%rdi), %rax
  movl %esi, %r10d
  leaq 0x10(%r10), %r11
  cmpq %rax, %r11
  jnbe    label2; j label1
block1:
  movq %rbx, %rax
  mulq %r8 ;; implicit: %rax, %rdx
  movq %rdx, %r11
  movq 0x40(%rdi), %rsi
  movq %rax, (%rsi, %r10)
  movq %rbx, %rdx
  imulq %r9, %rdx
  imulq %r8, %rcx
  leaq (%rdx, %rcx), %rax
  movq %r11, %rdx
  leaq (%rdx, %rax), %rax
  movq %rax, 8(%rsi, %r10)
  movq (%rsp), %rbx
  addq $0x10, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq %rbx, %rdx
  call    User(userextname0)
  ud2

  pushq %rbp
  movq %rsp, %rbp
  subq $0x10, %rsp
  movq %rbx, (%rsp)
block0:
  movq %rdx, %rbx
  movq 0x48(%rdi), %rax
  movl %esi, %r10d
  leaq 0x20(%r10), %r11
  cmpq %rax, %r11
  jnbe    label2; j label1
block1:
  movq %rbx, %rax
  mulq %r8 ;; implicit: %rax, %rdx
  movq %rdx, %r11
  movq 0x40(%rdi), %rsi
  movq %rax, 0x10(%rsi, %r10)
  movq %rbx, %rdx
  imulq %r9, %rdx
  imulq %r8, %rcx
  leaq (%rdx, %rcx), %rax
  movq %r11, %rdx
  leaq (%rdx, %rax), %rax
  movq %rax, 0x18(%rsi, %r10)
  movq (%rsp), %rbx
  addq $0x10, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq %rbx, %rdx
  call    User(userextname0)
  ud2

